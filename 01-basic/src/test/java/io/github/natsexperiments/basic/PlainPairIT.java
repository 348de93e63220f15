package io.github.natsexperiments.basic;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The plain pair, alone and each of its halves with the other half of the lesson's pair. */
class PlainPairIT {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @Test
  void alone() {
    RunningProgram subscriber = waiting(plain("subscriber", "PlainSubscriber", 1000));
    RunningProgram publisher = plain("publisher", "PlainPublisher", 1000, 0).start();

    assertThat(publisher.waitForExit(MINUTE)).isZero();
    assertThat(subscriber.waitForExit(MINUTE)).isZero();
    assertThat(publisher.stdoutLines())
        .isEqualTo(texts("Published a message to subject \"foo\": ", 1000));
    assertThat(subscriber.stdoutLines())
        .isEqualTo(texts("Received a message from subject \"foo\" (reply = \"\"): ", 1000));
    assertThat(publisher.stderrLines()).isEmpty();
    assertThat(subscriber.stderrLines()).hasSize(1);
  }

  @Test
  void publisherWithTheLessonsSubscriber() {
    RunningProgram subscriber =
        waiting(Program.jar("subscriber").args("-s", server.url(), "-n", 20));
    assertThat(plain("publisher", "PlainPublisher", 20, 0).start().waitForExit()).isZero();

    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines())
        .isEqualTo(texts("Received a message from subject \"foo\" (reply = \"\"): ", 20));
  }

  @Test
  void subscriberWithTheLessonsPublisher() {
    RunningProgram subscriber = waiting(plain("subscriber", "PlainSubscriber", 20));
    assertThat(
            Program.jar("publisher")
                .args("-s", server.url(), "-n", 20, "-i", 0)
                .start()
                .waitForExit())
        .isZero();

    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines())
        .isEqualTo(texts("Received a message from subject \"foo\" (reply = \"\"): ", 20));
  }

  private static RunningProgram waiting(Program subscriber) {
    RunningProgram running = subscriber.start();
    running.waitForStderr("Waiting for messages");
    return running;
  }

  private static List<String> texts(String start, int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> start + "Hello #" + n + " from NATS publisher")
        .toList();
  }

  /** As a reader starts it: {@code java -cp target/publisher.jar …PlainPublisher}. */
  private static Program plain(String jar, String name, Object... args) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String main = PlainPairIT.class.getPackageName() + "." + name;
    return Program.command(java, "-cp", "target/" + jar + ".jar", main)
        .args(server.url())
        .args(args);
  }
}
