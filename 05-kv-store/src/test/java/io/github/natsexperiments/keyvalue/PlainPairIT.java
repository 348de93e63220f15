package io.github.natsexperiments.keyvalue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The plain pair, alone and each of its halves with the other half of the lesson's pair. */
class PlainPairIT {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @RegisterExtension final TestServer server = TestServer.profile("open");

  @Test
  void alone() {
    RunningProgram subscriber = waiting(plain("subscriber", "PlainSubscriber", 1000));
    RunningProgram publisher = plain("publisher", "PlainPublisher", 1000, 0).start();

    assertThat(publisher.waitForExit(MINUTE)).isZero();
    assertThat(subscriber.waitForExit(MINUTE)).isZero();
    assertThat(publisher.stdoutLines())
        .isEqualTo(
            IntStream.rangeClosed(1, 1000)
                .mapToObj(
                    "Ack: bucket = \"sample_kv\", key = \"key\", revision = \"%d\""::formatted)
                .toList());
    assertThat(subscriber.stdoutLines())
        .isEqualTo(
            IntStream.range(0, 1000)
                .mapToObj(n -> "PUT key \"key\" (revision = \"" + (n + 1) + "\"): " + text(n))
                .toList());
    assertThat(publisher.stderrLines()).isEmpty();
    assertThat(subscriber.stderrLines()).containsExactly("Waiting for changes");
  }

  @Test
  void publisherWithTheLessonsSubscriber() {
    RunningProgram subscriber =
        waiting(Program.jar("subscriber").args("-s", server.url(), "-n", 20, "-t", "20s"));
    assertThat(plain("publisher", "PlainPublisher", 20, 1).start().waitForExit()).isZero();

    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines()).hasSize(20).last().asString().endsWith(text(19));
  }

  @Test
  void subscriberWithTheLessonsPublisher() {
    RunningProgram subscriber = waiting(plain("subscriber", "PlainSubscriber", 20));
    assertThat(
            Program.jar("publisher")
                .args("-s", server.url(), "-n", 20, "-i", "5ms")
                .start()
                .waitForExit())
        .isZero();

    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines()).hasSize(20).last().asString().endsWith(text(19));
  }

  private RunningProgram waiting(Program subscriber) {
    assertThat(plain("publisher", "PlainPublisher", 0).start().waitForExit()).isZero(); // bucket
    RunningProgram running = subscriber.start();
    running.waitForStderr("Waiting for changes");
    return running;
  }

  private static String text(int n) {
    return "Hello #" + n + " from Key/Value NATS publisher";
  }

  /** As a reader starts it: {@code java -cp target/publisher.jar …PlainPublisher}. */
  private Program plain(String jar, String name, Object... args) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String main = PlainPairIT.class.getPackageName() + "." + name;
    return Program.command(java, "-cp", "target/" + jar + ".jar", main)
        .args(server.url())
        .args(args);
  }
}
