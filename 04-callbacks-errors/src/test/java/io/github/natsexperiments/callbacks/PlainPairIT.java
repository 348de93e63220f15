package io.github.natsexperiments.callbacks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.nats.client.api.ConsumerInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The plain pair, alone and each of its halves with the other half of the lesson's pair. */
class PlainPairIT {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @BeforeEach
  void removeStream() throws Exception {
    try (Connection connection = Nats.connect(server.url())) {
      JetStreamManagement management = connection.jetStreamManagement();
      for (String stream : management.getStreamNames()) {
        management.deleteStream(stream);
      }
    }
  }

  @Test
  void alone() {
    RunningProgram publisher = plain("publisher", "PlainPublisher", 1000, 0).start();
    assertThat(publisher.waitForExit(MINUTE)).isZero();
    RunningProgram subscriber = plain("subscriber", "PlainSubscriber", 1000).start();
    assertThat(subscriber.waitForExit(MINUTE)).isZero();

    List<String> acks =
        IntStream.rangeClosed(1, 1000)
            .mapToObj("Ack: stream = \"sample_stream\", sequence = \"%d\""::formatted)
            .toList();
    assertThat(publisher.stdoutLines()).isEqualTo(acks);
    assertThat(received(subscriber)).isEqualTo(texts(1000));
    publisher.waitForStderr("event: nats: connection opened");
    subscriber.waitForStderr("event: nats: connection opened");
    assertThat(subscriber.stderrLines()).noneMatch(line -> line.contains("SLF4J"));
  }

  @Test
  void leavesNoAckBehind() throws Exception {
    plain("publisher", "PlainPublisher", 50, 0).start().waitForExit();
    RunningProgram subscriber = plain("subscriber", "PlainSubscriber", 50).start();
    assertThat(subscriber.waitForExit()).isZero();

    try (Connection connection = Nats.connect(server.url())) {
      ConsumerInfo consumer = connection.getStreamContext("sample_stream").getConsumerInfo("plain");
      assertThat(consumer.getNumAckPending()).isZero();
      assertThat(consumer.getAckFloor().getStreamSequence()).isEqualTo(50);
    }
  }

  @Test
  void publisherWithTheLessonsSubscriber() {
    assertThat(plain("publisher", "PlainPublisher", 20, 0).start().waitForExit()).isZero();
    RunningProgram subscriber =
        Program.jar("subscriber").args("-s", server.url(), "-n", 20, "-t", "20s").start();

    assertThat(subscriber.waitForExit()).isZero();
    assertThat(received(subscriber)).isEqualTo(texts(20));
  }

  @Test
  void subscriberWithTheLessonsPublisher() {
    RunningProgram publisher =
        Program.jar("publisher").args("-s", server.url(), "-n", 20, "-i", 0).start();
    assertThat(publisher.waitForExit()).isZero();
    RunningProgram subscriber = plain("subscriber", "PlainSubscriber", 20).start();

    assertThat(subscriber.waitForExit()).isZero();
    assertThat(received(subscriber)).isEqualTo(texts(20));
  }

  private static List<String> received(RunningProgram subscriber) {
    return lines(subscriber, "Received a message from subject \"foo\" (reply = \"$JS.ACK.").stream()
        .map(line -> line.substring(line.indexOf("): ") + 3))
        .toList();
  }

  private static List<String> texts(int count) {
    return IntStream.range(0, count).mapToObj(n -> "Hello #" + n + " from NATS publisher").toList();
  }

  /** As a reader starts it: {@code java -cp target/publisher.jar …PlainPublisher}. */
  private static Program plain(String jar, String name, Object... args) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String main = PlainPairIT.class.getPackageName() + "." + name;
    return Program.command(java, "-cp", "target/" + jar + ".jar", main)
        .args(server.url())
        .args(args);
  }

  private static List<String> lines(RunningProgram program, String start) {
    return program.stdoutLines().stream().filter(line -> line.startsWith(start)).toList();
  }
}
