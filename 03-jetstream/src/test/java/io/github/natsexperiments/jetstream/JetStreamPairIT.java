package io.github.natsexperiments.jetstream;

import static io.github.natsexperiments.testkit.Pair.acks;
import static io.github.natsexperiments.testkit.Pair.counted;
import static io.github.natsexperiments.testkit.Pair.numbers;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.range;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.upTo;
import static io.github.natsexperiments.testkit.Pair.waiting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the pair does while nothing goes wrong. */
class JetStreamPairIT {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @AfterEach
  void removeStreams() throws IOException, InterruptedException {
    JetStreamView.clear(server);
  }

  private static void published(int count, Object... args) {
    RunningProgram publisher = publisher(server, "-n", count, "-i", 0).args(args).start();
    assertThat(publisher.waitForExit()).isZero();
  }

  private static List<String> ackLines(int from, int to) {
    return LongStream.rangeClosed(from, to)
        .mapToObj("Ack: stream = \"sample_stream\", sequence = \"%d\""::formatted)
        .toList();
  }

  @Test
  void publisherFirst() {
    RunningProgram publisher = publisher(server, "-n", 3, "-i", 0).start();
    assertThat(publisher.waitForExit()).isZero();
    assertThat(publisher.stdoutLines()).isEqualTo(ackLines(1, 3));
    publisher.waitForStderr("Created stream \"sample_stream\", kept in a file");

    RunningProgram subscriber = subscriber(server, "-n", 3, "-t", "15s").start();
    assertThat(subscriber.waitForExit()).isZero();
    List<String> lines = subscriber.stdoutLines();
    assertThat(lines).hasSize(6);
    assertThat(lines.get(0))
        .matches(
            "Received a message from subject \"foo\""
                + " \\(reply = \"\\$JS\\.ACK\\.sample_stream\\.sample_durable\\.1\\.1\\.1\\.\\d+\\.2\"\\):"
                + " Hello #0 from NATS publisher");
    assertThat(lines.get(1))
        .isEqualTo(
            "Ack: stream = \"sample_stream\", sequence = \"1\", delivered = \"1\", pending = \"2\"");
    assertThat(lines.get(2))
        .isEqualTo(
            "Received a message from subject \"foo\" (reply = \"$JS.ACK.…\"): Hello #1 from NATS publisher");
    assertThat(subscriber.waitForStderr("Received 3 messages, 84 bytes"))
        .endsWith("missing 0, duplicated 0");
  }

  @Test
  void whereAcksGoIsShownOnceUnlessVerbose() {
    assertThat(publisher(server, "-n", 3, "-i", 0).start().waitForExit()).isZero();

    RunningProgram subscriber = subscriber(server, "-n", 3, "-t", "15s", "--verbose").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines())
        .filteredOn(line -> line.startsWith("Received"))
        .hasSize(3)
        .allMatch(line -> line.contains("$JS.ACK.sample_stream.sample_durable.1."));
  }

  @Test
  void subscriberFirst() {
    RunningProgram subscriber = subscriber(server, "-n", 5, "-t", "15s").start();
    subscriber.waitForStderr("Waiting for stream \"sample_stream\": publisher.jar creates it");
    published(5);
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(numbers(subscriber)).isEqualTo(upTo(5));
  }

  @Test
  void stoppedAt300OfAThousandItReadsTheOther700() throws Exception {
    published(1000, "--async", "-q");
    RunningProgram first = subscriber(server, "-n", 300, "-t", "15s").start();
    assertThat(first.waitForExit()).isZero();
    assertThat(numbers(first)).isEqualTo(upTo(300));

    RunningProgram second = subscriber(server, "-n", 100, "-t", "15s").start();
    assertThat(second.waitForExit()).isZero();
    assertThat(second.stderrLines())
        .anyMatch(
            line -> line.contains("resumes where it stopped: 700 messages waiting, 0 without"));
    assertThat(numbers(second)).isEqualTo(range(300, 400));

    // More than jnats' batch of 500.
    RunningProgram third = subscriber(server, "-n", 600, "-t", "15s").start();
    assertThat(third.waitForExit()).isZero();
    assertThat(numbers(third)).isEqualTo(range(400, 1000));
    assertThat(third.waitForStderr("Received 600")).endsWith("missing 0, duplicated 0");
    assertNothingUnacknowledged();
  }

  @Tag("soak")
  @Test
  void whatHasArrivedBeyondTheCountIsHandedBack() {
    published(400, "--async", "-q");
    RunningProgram first = subscriber(server, "-n", 100, "--batch", 20, "-t", "15s").start();
    assertThat(first.waitForExit()).isZero();
    assertThat(numbers(first)).isEqualTo(upTo(100));
    RunningProgram second = subscriber(server, "--ack-wait", "1s", "-t", "3s").start();
    assertThat(second.waitForExit()).isEqualTo(5);
    assertThat(new TreeSet<>(numbers(second))).containsExactlyElementsOf(range(100, 400));
    assertThat(second.waitForStderr("Received ")).contains("missing 0");
  }

  private static void assertNothingUnacknowledged() throws Exception {
    try (JetStreamView view = new JetStreamView(server)) {
      assertThat(view.consumer().getNumAckPending()).isZero();
      assertThat(view.consumer().getNumPending()).isZero();
    }
  }

  @Test
  void twoOnOneDurableShareTheWork() {
    RunningProgram one = subscriber(server, "--work", "2ms", "--batch", 10).start();
    RunningProgram two = subscriber(server, "--work", "2ms", "--batch", 10).start();
    one.waitForStderr("Waiting for");
    two.waitForStderr("Waiting for");
    published(400, "--async", "-q");
    await().until(() -> numbers(one).size() + numbers(two).size() >= 400);
    List<Integer> all = new ArrayList<>(numbers(one));
    all.addAll(numbers(two));
    assertThat(all).containsExactlyInAnyOrderElementsOf(upTo(400));
    for (RunningProgram subscriber : List.of(one, two)) {
      assertThat(numbers(subscriber)).hasSizeGreaterThan(20);
      subscriber.sigint();
      assertThat(subscriber.waitForExit()).isEqualTo(130);
      // What the other one got is not missing.
      assertThat(subscriber.waitForStderr("Received ")).endsWith("missing 0, duplicated 0");
    }
  }

  @Test
  void whatAKilledSubscriberHadNotAcknowledgedComesAgain() throws Exception {
    published(50, "-q");
    RunningProgram killed =
        waiting(subscriber(server, "--batch", 10, "--work", "50ms", "--ack-wait", "1s"));
    killed.waitForStdout("Hello #7 ");
    killed.kill();
    killed.waitForExit();
    int acked = acks(killed).size();

    RunningProgram next = subscriber(server, "-n", 50 - acked, "-t", "10s").start();
    next.waitForExit();
    assertThat(numbers(next))
        .containsAll(range(acked + 1, 50))
        .doesNotContainAnyElementsOf(upTo(acked));
    assertThat(next.stdoutLines()).anyMatch(line -> line.contains("delivered = \"2\""));
  }

  @Test
  void aMessageThatTakesTooLongComesAgain() {
    published(1);
    RunningProgram slow =
        waiting(subscriber(server, "--batch", 2, "--work", "1500ms", "--ack-wait", "1s"));
    slow.waitForStdout("delivered = \"2\"");
    slow.sigint();
    assertThat(slow.waitForExit()).isEqualTo(130);
    assertThat(slow.waitForStderr("Received "))
        .contains("missing 0")
        .doesNotEndWith("duplicated 0");
  }

  @Tag("soak")
  @Test
  void aMessageThatTakesLongAndSaysSoComesOnce() {
    published(1);
    Object[] slow = {"--work", "1500ms", "--ack-wait", "1s", "--in-progress", "200ms"};
    RunningProgram subscriber = subscriber(server, slow).args("-t", "3s").start();
    assertThat(subscriber.waitForExit()).isEqualTo(5);
    assertThat(numbers(subscriber)).containsExactly(0);
  }

  @Tag("soak")
  @Test
  void deliversAtMostAsOftenAsAllowed() {
    published(1);
    RunningProgram slow =
        subscriber(
                server,
                "--work",
                "500ms",
                "--backoff",
                "200ms,300ms",
                "--max-deliver",
                3,
                "-t",
                "2s")
            .start();
    assertThat(slow.waitForExit()).isEqualTo(5);
    assertThat(numbers(slow)).containsExactly(0, 0, 0);
  }

  @Tag("soak")
  @ParameterizedTest
  @CsvSource({"all, 0 1 2 3 4", "last, 4", "4, 3 4", "new, ''"})
  void beginsWhereItIsTold(String from, String expected) {
    published(5, "-q");
    RunningProgram durable = subscriber(server, "--from", from, "-t", "1s").start();
    RunningProgram ordered = subscriber(server, "--ordered", "--from", from, "-t", "1s").start();
    for (RunningProgram subscriber : List.of(durable, ordered)) {
      assertThat(subscriber.waitForExit()).isEqualTo(5);
      assertThat(numbers(subscriber).stream().map(String::valueOf))
          .isEqualTo(List.of(expected.split(" ")).stream().filter(n -> !n.isEmpty()).toList());
    }
  }

  @Tag("soak")
  @Test
  void beginsAtATime() throws Exception {
    published(3, "-q");
    Instant between;
    try (JetStreamView view = new JetStreamView(server)) {
      between = view.stream().getStreamState().getLastTime().toInstant().plusNanos(1);
    }
    published(2, "-q", "-m", "Hello #{n} from NATS publisher.");
    RunningProgram subscriber = subscriber(server, "--from", between, "-t", "1s").start();
    assertThat(subscriber.waitForExit()).isEqualTo(5);
    assertThat(subscriber.stdoutLines()).filteredOn(line -> line.endsWith("publisher.")).hasSize(2);
    assertThat(numbers(subscriber)).containsExactly(0, 1);
  }

  @Test
  void anExistingConsumerKeepsItsPosition() {
    published(3);
    assertThat(subscriber(server, "-n", 2, "-t", "9s").start().waitForExit()).isZero();
    RunningProgram again = subscriber(server, "-n", 1, "-t", "9s", "--from", "1").start();
    assertThat(again.waitForExit()).isZero();
    assertThat(numbers(again)).containsExactly(2);
    again.waitForStderr("--from is for a new consumer");
  }

  @Tag("more")
  @Test
  void orderedReadsEverythingAndLeavesTheDurableAlone() throws Exception {
    published(5000, "--async", "-q");
    RunningProgram durable = subscriber(server, "-n", 10, "-t", "15s").start();
    assertThat(durable.waitForExit()).isZero();

    RunningProgram ordered = subscriber(server, "--ordered", "-n", 5000, "-t", "15s").start();
    assertThat(ordered.waitForExit()).isZero();
    assertThat(numbers(ordered)).isEqualTo(upTo(5000));
    assertThat(acks(ordered)).isEmpty();
    try (JetStreamView view = new JetStreamView(server)) {
      assertThat(view.consumer().getNumPending()).isEqualTo(4990);
    }
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1000, 4096})
  void aWindowStoresInOrderAndPrintsEveryAck(int window) {
    RunningProgram publisher =
        publisher(server, "-n", 5000, "-i", 0, "--async", window, "--size", 128).start();
    assertThat(publisher.waitForExit()).isZero();
    assertThat(publisher.stdoutLines()).isEqualTo(ackLines(1, 5000));
    publisher.waitForStderr("Published 5000 messages, 640000 bytes");
    RunningProgram subscriber = subscriber(server, "--ordered", "-n", 5000, "-t", "15s").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(numbers(subscriber)).isEqualTo(upTo(5000));
  }

  @Test
  void linesOfStandardInputWithHeaders() {
    for (String mode : List.of("--subject=foo", "--async")) {
      RunningProgram publisher =
          publisher(server, "--stdin", mode, "-H", "A:1").stdin("one\ntwo\nпоследняя").start();
      assertThat(publisher.waitForExit()).isZero();
      assertThat(publisher.stdoutLines()).hasSize(3);
    }
    RunningProgram subscriber = subscriber(server, "-n", 6, "-t", "15s", "--headers").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines())
        .filteredOn(line -> line.startsWith("Received"))
        .hasSize(6)
        .allMatch(line -> line.matches(".*headers = .*A: 1.*") && line.contains("Nats-Msg-Id: "))
        .last()
        .asString()
        .endsWith("): последняя");
  }

  @Tag("soak")
  @Test
  void theLargestBatchThereIs() {
    published(5, "-q");
    RunningProgram subscriber =
        subscriber(server, "--batch", Integer.MAX_VALUE, "-q", "-t", "2s").start();
    assertThat(subscriber.waitForExit()).isEqualTo(5);
    subscriber.waitForStderr("Received 5 messages");
  }

  @Test
  void ackSyncAcknowledgesToo() throws Exception {
    published(200, "-q");
    RunningProgram subscriber = subscriber(server, "--ack-sync", "-n", 200, "-t", "15s").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(acks(subscriber)).hasSize(200);
    assertNothingUnacknowledged();
  }

  @Tag("more")
  @Test
  void aWorkQueueForgetsWhatIsAcknowledged() throws Exception {
    published(10, "--retention", "workqueue");
    RunningProgram subscriber = subscriber(server, "-n", 6, "-t", "15s").start();
    assertThat(subscriber.waitForExit()).isZero();
    try (JetStreamView view = new JetStreamView(server)) {
      await().until(() -> view.messages() == 4);
    }
    RunningProgram second = subscriber(server, "--durable", "second").start();
    assertThat(second.waitForExit()).isEqualTo(1);
    second.waitForStderr("a work queue has one consumer");
    RunningProgram ordered = subscriber(server, "--ordered").start();
    assertThat(ordered.waitForExit()).isEqualTo(1);
    ordered.waitForStderr("a work queue wants acks");
  }

  @Tag("more")
  @Test
  void interestKeepsNothingForNobody() throws Exception {
    published(3, "--retention", "interest");
    try (JetStreamView view = new JetStreamView(server)) {
      await().until(() -> view.messages() == 0);
      RunningProgram subscriber = waiting(subscriber(server, "-n", 3, "-t", "15s"));
      published(3, "--retention", "interest");
      assertThat(subscriber.waitForExit()).isZero();
      await().until(() -> view.messages() == 0);
    }
  }

  @Tag("soak")
  @Test
  void limitsRemoveTheOldest() throws Exception {
    published(25, "--max-messages", 10, "--max-age", "6s", "-q");
    RunningProgram subscriber = subscriber(server, "-n", 10, "-t", "9s").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(numbers(subscriber)).isEqualTo(range(15, 25));
    try (JetStreamView view = new JetStreamView(server)) {
      await().atMost(Duration.ofSeconds(15)).until(() -> view.messages() == 0);
    }
  }

  @Test
  void memoryOrFile() throws Exception {
    published(1, "--storage", "memory");
    try (JetStreamView view = new JetStreamView(server)) {
      assertThat(view.stream().getConfiguration().getStorageType()).hasToString("memory");
    }
  }

  @Test
  void countsWithoutLines() {
    published(1000, "-q", "--async");
    RunningProgram subscriber = subscriber(server, "-q", "-n", 1000, "-t", "15s").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines()).isEmpty();
    assertThat(counted(subscriber, "Received")).isEqualTo(1000);
  }
}
