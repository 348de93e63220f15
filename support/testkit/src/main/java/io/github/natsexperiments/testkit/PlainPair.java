package io.github.natsexperiments.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.ConsumerInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What every lesson's plain pair is tested for: it works alone, and each half works with the other
 * half of the lesson's pair. A lesson's test says how its programs are started, and {@link Core},
 * {@link Streams} or {@link Buckets} what they print.
 */
public abstract class PlainPair {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private PlainPair() {}

  /** The test's server. */
  protected abstract RunningServer server();

  /** The plain publisher or subscriber, connected to the test's server; not started yet. */
  protected Program plain(String jar, Object... args) {
    return java(jar, server().url()).args(args);
  }

  /** The same of the lesson's own pair. */
  protected Program lesson(String jar, Object... args) {
    return Program.jar(jar).args("-s", server().url()).args(args);
  }

  /**
   * A plain program as a reader starts it: {@code java -cp target/publisher.jar …PlainPublisher}.
   *
   * @param jar {@code publisher} or {@code subscriber}
   */
  protected final Program java(String jar, Object... args) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String name = Character.toUpperCase(jar.charAt(0)) + jar.substring(1);
    String main = getClass().getPackageName() + ".Plain" + name;
    return Program.command(java, "-cp", "target/" + jar + ".jar", main).args(args);
  }

  private static RunningProgram ended(Program program) {
    return ended(program.start());
  }

  private static RunningProgram ended(RunningProgram program) {
    assertThat(program.waitForExit(MINUTE)).isZero();
    return program;
  }

  private static RunningProgram started(Program subscriber, String ready) {
    RunningProgram running = subscriber.start();
    running.waitForStderr(ready);
    return running;
  }

  private static List<String> texts(String start, int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> start + "Hello #" + n + " from NATS publisher")
        .toList();
  }

  /** Core NATS: a subscriber that is there first receives everything. */
  public abstract static class Core extends PlainPair {
    private static final String RECEIVED =
        "Received a message from subject \"foo\" (reply = \"\"): ";

    private RunningProgram waiting(Program subscriber) {
      return started(subscriber, "Waiting for messages");
    }

    @Test
    void alone() {
      RunningProgram subscriber = waiting(plain("subscriber", 1000));
      RunningProgram publisher = ended(plain("publisher", 1000, 0));
      ended(subscriber);
      assertThat(publisher.stdoutLines())
          .isEqualTo(texts("Published a message to subject \"foo\": ", 1000));
      assertThat(subscriber.stdoutLines()).isEqualTo(texts(RECEIVED, 1000));
      assertThat(publisher.stderrLines()).isEmpty();
      assertThat(subscriber.stderrLines()).hasSize(1);
    }

    @Test
    void publisherWithTheLessonsSubscriber() {
      RunningProgram subscriber = waiting(lesson("subscriber", "-n", 20));
      ended(plain("publisher", 20, 0));
      assertThat(ended(subscriber).stdoutLines()).isEqualTo(texts(RECEIVED, 20));
    }

    @Test
    void subscriberWithTheLessonsPublisher() {
      RunningProgram subscriber = waiting(plain("subscriber", 20));
      ended(lesson("publisher", "-n", 20, "-i", 0));
      assertThat(ended(subscriber).stdoutLines()).isEqualTo(texts(RECEIVED, 20));
    }
  }

  /** JetStream: the stream keeps everything for a subscriber that comes later. */
  public abstract static class Streams extends PlainPair {
    /** What a lesson's own plain pair prints besides. */
    protected abstract void alsoPrints(
        RunningProgram publisher, RunningProgram subscriber, List<String> acks);

    @BeforeEach
    void removeStreams() throws Exception {
      try (Connection connection = Pair.connect(server())) {
        JetStreamManagement management = connection.jetStreamManagement();
        for (String stream : management.getStreamNames()) {
          management.deleteStream(stream);
        }
      }
    }

    private static List<String> received(RunningProgram subscriber) {
      return subscriber.stdoutLines().stream()
          .filter(l -> l.startsWith("Received a message from subject \"foo\" (reply = \"$JS.ACK."))
          .map(line -> line.substring(line.indexOf("): ") + 3))
          .toList();
    }

    @Test
    void alone() {
      RunningProgram publisher = ended(plain("publisher", 1000, 0));
      RunningProgram subscriber = ended(plain("subscriber", 1000));
      List<String> acks =
          IntStream.rangeClosed(1, 1000)
              .mapToObj("Ack: stream = \"sample_stream\", sequence = \"%d\""::formatted)
              .toList();
      assertThat(publisher.stdoutLines()).isEqualTo(acks);
      assertThat(received(subscriber)).isEqualTo(texts("", 1000));
      assertThat(subscriber.stderrLines()).noneMatch(line -> line.contains("SLF4J"));
      alsoPrints(publisher, subscriber, acks);
    }

    @Test
    void leavesNoAckBehind() throws Exception {
      ended(plain("publisher", 50, 0));
      ended(plain("subscriber", 50));
      try (Connection connection = Pair.connect(server())) {
        ConsumerInfo consumer =
            connection.getStreamContext("sample_stream").getConsumerInfo("plain");
        assertThat(consumer.getNumAckPending()).isZero();
        assertThat(consumer.getAckFloor().getStreamSequence()).isEqualTo(50);
      }
    }

    @Tag("soak")
    @Test
    void publisherWithTheLessonsSubscriber() {
      ended(plain("publisher", 20, 0));
      assertThat(received(ended(lesson("subscriber", "-n", 20, "-t", "20s"))))
          .isEqualTo(texts("", 20));
    }

    @Tag("soak")
    @Test
    void subscriberWithTheLessonsPublisher() {
      ended(lesson("publisher", "-n", 20, "-i", 0));
      assertThat(received(ended(plain("subscriber", 20)))).isEqualTo(texts("", 20));
    }
  }

  /** Key/value: a watch shows each change, or the last one of a key. */
  public abstract static class Buckets extends PlainPair {
    private static String text(int n) {
      return "Hello #" + n + " from Key/Value NATS publisher";
    }

    private RunningProgram waiting(Program subscriber) {
      ended(plain("publisher", 0)); // makes the bucket
      return started(subscriber, "Waiting for changes");
    }

    @Test
    void alone() {
      RunningProgram subscriber = waiting(plain("subscriber", 1000));
      RunningProgram publisher = ended(plain("publisher", 1000, 0));
      ended(subscriber);
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

    @Tag("soak")
    @Test
    void publisherWithTheLessonsSubscriber() {
      RunningProgram subscriber = waiting(lesson("subscriber", "-n", 20, "-t", "20s"));
      ended(plain("publisher", 20, 1));
      assertThat(ended(subscriber).stdoutLines()).hasSize(20).last().asString().endsWith(text(19));
    }

    @Tag("soak")
    @Test
    void subscriberWithTheLessonsPublisher() {
      RunningProgram subscriber = waiting(plain("subscriber", 20));
      ended(lesson("publisher", "-n", 20, "-i", "5ms"));
      assertThat(ended(subscriber).stdoutLines()).hasSize(20).last().asString().endsWith(text(19));
    }
  }
}
