package io.github.natsexperiments.keyvalue;

import static io.github.natsexperiments.keyvalue.Entries.ack;
import static io.github.natsexperiments.keyvalue.Entries.entries;
import static io.github.natsexperiments.keyvalue.Entries.watching;
import static io.github.natsexperiments.testkit.Pair.connect;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.keyvalue.Entries.Entry;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.OrderedConsumerContext;
import io.nats.client.api.KeyValueStatus;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.api.StorageType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the pair does while nothing goes wrong. Each test has a bucket of its own. */
class KvPairIT {
  private static final String HELLO = "Hello #%d from Key/Value NATS publisher";

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private static void put(Object... args) {
    assertThat(publisher(server, args).start().waitForExit()).isZero();
  }

  private static List<Entry> show(Object... args) {
    RunningProgram subscriber = subscriber(server, args).start();
    assertThat(subscriber.waitForExit()).isZero();
    return entries(subscriber);
  }

  private static List<Entry> hellos(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(n -> Entry.put("key", n + 1, HELLO.formatted(n)))
        .toList();
  }

  @Test
  void whoComesLateGetsTheLastValue() {
    RunningProgram publisher = publisher(server, "-n", 3, "-i", 0).start();
    assertThat(publisher.waitForExit()).isZero();
    assertThat(publisher.stdoutLines())
        .containsExactly(
            ack("sample_kv", "key", 1), ack("sample_kv", "key", 2), ack("sample_kv", "key", 3));
    publisher.waitForStderr("Put 3 messages, ");

    assertThat(show("-n", 1)).isEqualTo(hellos(2, 3));
  }

  @Test
  void whoWatchesGetsEveryChangeInOrder() {
    put("--bucket", "live", "--history", 64, "-n", 1);
    RunningProgram subscriber = watching(subscriber(server, "--bucket", "live", "-n", 51));
    put("--bucket", "live", "-n", 50, "-i", "5ms", "-m", "{n}");

    assertThat(subscriber.waitForExit()).isZero();
    assertThat(entries(subscriber)).hasSize(51).contains(Entry.put("key", 51, "49"));
    assertThat(entries(subscriber).stream().map(Entry::revision))
        .isEqualTo(LongStream.rangeClosed(1, 51).boxed().toList());
    assertThat(subscriber.waitForStderr("Received 51 messages")).endsWith("last revision 51");
  }

  @Tag("more")
  @ParameterizedTest
  @CsvSource({
    "room.1,   room.1",
    "room.*,   room.1 room.2",
    "*.1,      room.1 hall.1",
    "room.>,   room.1 room.2 room.1.lamp",
    ">,        room.1 room.2 room.1.lamp hall.1"
  })
  void wildcardsMatchTokens(String pattern, String matching) {
    put("--bucket", "rooms", "--keys", "room.1,room.2,room.1.lamp,hall.1", "-n", 4, "-i", 0);
    String[] keys = matching.split(" ");
    assertThat(show("--bucket", "rooms", "--key", pattern, "-n", keys.length))
        .extracting(Entry::key)
        .containsExactly(keys);
  }

  @Test
  void deletesAndPurgesAreShownAsSuch() {
    put("--bucket", "gone", "--history", 5, "--keys", "a,b,c", "-n", 6, "-i", 0, "-m", "{n}");
    RunningProgram subscriber =
        watching(subscriber(server, "--bucket", "gone", "--key", ">", "-n", 5));
    put("--bucket", "gone", "--delete", "a");
    put("--bucket", "gone", "--purge", "b");

    assertThat(subscriber.waitForExit()).isZero();
    assertThat(entries(subscriber))
        .containsExactly(
            Entry.put("a", 4, "3"),
            Entry.put("b", 5, "4"),
            Entry.put("c", 6, "5"),
            new Entry("DELETE", "a", 7, null),
            new Entry("PURGE", "b", 8, null));

    // A delete keeps the history, a purge does not.
    assertThat(show("--bucket", "gone", "--key", "a", "--history", "-n", 3))
        .extracting(Entry::operation)
        .containsExactly("PUT", "PUT", "DELETE");
    assertThat(show("--bucket", "gone", "--key", "b", "--history", "-n", 1))
        .containsExactly(new Entry("PURGE", "b", 8, null));
  }

  @Test
  void listAndGetTellWhatThereIs() {
    put("--bucket", "look", "--history", 5, "--keys", "a,b", "-n", 4, "-i", 0, "-m", "{n}");
    put("--bucket", "look", "--delete", "b");

    RunningProgram list = subscriber(server, "--bucket", "look", "--list").start();
    assertThat(list.waitForExit()).isZero();
    assertThat(list.stdoutLines()).containsExactly("a");
    assertThat(show("--bucket", "look", "--get", "a")).containsExactly(Entry.put("a", 3, "2"));
    assertThat(show("--bucket", "look", "--get", "b@2")).containsExactly(Entry.put("b", 2, "1"));

    List<RunningProgram> gets =
        Stream.of("b", "b@5", "b@1", "c", "a@77")
            .map(nothing -> subscriber(server, "--bucket", "look", "--get", nothing).start())
            .toList();
    for (RunningProgram get : gets) {
      assertThat(get.waitForExit()).isEqualTo(1);
      get.waitForStderr("ERROR ");
      assertThat(get.stdoutLines()).isEmpty();
    }
  }

  @Tag("soak")
  @Test
  void historyFromAndUpdatesOnlySayWhereToBegin() {
    put("--bucket", "ten", "--history", 10, "-n", 12, "-i", 0);
    assertThat(show("--bucket", "ten", "--history", "-n", 10)).isEqualTo(hellos(2, 12));
    assertThat(show("--bucket", "ten", "--from", 9, "-n", 4)).isEqualTo(hellos(8, 12));

    RunningProgram updates =
        watching(subscriber(server, "--bucket", "ten", "--updates-only", "-n", 1));
    put("--bucket", "ten", "-n", 1, "-m", "new");
    assertThat(updates.waitForExit()).isZero();
    assertThat(entries(updates)).containsExactly(Entry.put("key", 13, "new"));
  }

  @Tag("soak")
  @Test
  void watchAndPollEndInTheSameState() {
    put("--bucket", "same", "-n", 1, "-m", "first");
    for (List<Object> last :
        List.<List<Object>>of(
            List.of("-n", 20, "-i", "20ms"),
            List.of("--delete", "key"),
            List.of("--purge", "key"))) {
      RunningProgram watch = watching(subscriber(server, "--bucket", "same"));
      RunningProgram poll = subscriber(server, "--bucket", "same", "--poll", "50ms").start();
      poll.waitForStdout("key \"key\"");
      assertThat(publisher(server, "--bucket", "same").args(last.toArray()).start().waitForExit())
          .isZero();
      await().until(() -> last(watch).equals(last(poll)) && last(watch).revision() > 1);
      String expected =
          last.contains("-n") ? "PUT" : last.get(0).equals("--delete") ? "DELETE" : "PURGE";
      await().until(() -> last(watch).operation().equals(expected));
      await().until(() -> last(poll).equals(last(watch)));
    }
  }

  private static Entry last(RunningProgram subscriber) {
    List<Entry> entries = entries(subscriber);
    return entries.get(entries.size() - 1);
  }

  @Tag("more")
  @Test
  void aPollCounts() {
    put("--bucket", "poll", "-n", 1);
    assertThat(show("--bucket", "poll", "--poll", "10ms", "-n", 3))
        .containsOnly(hellos(0, 1).get(0))
        .hasSize(3);
  }

  @Tag("more")
  @Test
  void aPollOfNothingGivesUp() {
    put("--bucket", "poll", "-n", 1);
    RunningProgram poll =
        subscriber(server, "--bucket", "poll", "--key", "x", "--poll", "20ms", "-t", "200ms")
            .start();
    assertThat(poll.waitForExit()).isEqualTo(5);
    poll.waitForStderr("Key \"x\" has never had a value");
    poll.waitForStderr("Gave up: nothing for key \"x\" within 200 ms");
  }

  @Tag("more")
  @Test
  void aSlowPollGivesUpInTime() {
    put("--bucket", "slow", "-n", 1);
    RunningProgram poll =
        subscriber(server, "--bucket", "slow", "--poll", "15s", "-t", "1s").start();
    assertThat(poll.waitForExit(Duration.ofSeconds(10))).isEqualTo(5);
    poll.waitForStderr("Gave up: nothing for key \"key\" within 1000 ms");
    assertThat(poll.stdoutLines()).hasSize(1);
  }

  @Test
  void linesOfStandardInputNameTheirKeys() {
    RunningProgram publisher =
        publisher(server, "--bucket", "lines", "--stdin")
            .stdin("lamp=on\ndoor/1=a=b\nПривет\n")
            .start();
    assertThat(publisher.waitForExit()).isEqualTo(1);
    publisher.waitForStderr("ERROR Line 3 of standard input is not KEY=VALUE");
    assertThat(show("--bucket", "lines", "--key", ">", "-n", 2))
        .containsExactly(Entry.put("lamp", 1, "on"), Entry.put("door/1", 2, "a=b"));
  }

  @Test
  void anyTextIsAValue() {
    put("--bucket", "text", "--history", 5, "-n", 1, "-m", "Привет 🙂");
    put("--bucket", "text", "--history", 5, "-n", 1, "-m", "");
    assertThat(show("--bucket", "text", "--history", "-n", 2))
        .containsExactly(Entry.put("key", 1, "Привет 🙂"), Entry.put("key", 2, ""));
  }

  @Test
  void aWindowOfPutsKeepsTheirOrder() {
    String keys = IntStream.range(0, 200).mapToObj(n -> "k" + n).collect(Collectors.joining(","));
    RunningProgram publisher =
        publisher(
                server,
                "--bucket",
                "window",
                "--history",
                64,
                "--keys",
                keys,
                "-n",
                5000,
                "-i",
                0,
                "-m",
                "{n}",
                "--async")
            .start();
    assertThat(publisher.waitForExit()).isZero();
    assertThat(publisher.stdoutLines())
        .isEqualTo(
            IntStream.range(0, 5000).mapToObj(n -> ack("window", "k" + n % 200, n + 1)).toList());

    Map<String, Entry> state =
        show("--bucket", "window", "--key", ">", "-n", 200).stream()
            .collect(Collectors.toMap(Entry::key, Function.identity()));
    assertThat(state).hasSize(200);
    assertThat(state.get("k0").value()).isEqualTo("4800");
    assertThat(state.get("k199").value()).isEqualTo("4999");
  }

  @Test
  void aBucketIsCreatedAsAskedFor() throws Exception {
    put(
        "--bucket",
        "asked",
        "--history",
        7,
        "--ttl-bucket",
        "1h",
        "--storage",
        "memory",
        "--replicas",
        1,
        "--max-value-size",
        100,
        "-n",
        1);
    try (Connection connection = connect(server)) {
      KeyValueStatus status = connection.keyValueManagement().getStatus("asked");
      assertThat(status.getMaxHistoryPerKey()).isEqualTo(7);
      assertThat(status.getTtl()).isEqualTo(Duration.ofHours(1));
      assertThat(status.getStorageType()).isEqualTo(StorageType.Memory);
      assertThat(status.getMaximumValueSize()).isEqualTo(100);
    }
    // The same again is no difference, and what is not asked for is not compared.
    for (List<Object> args : List.<List<Object>>of(List.of("--history", 7), List.of())) {
      RunningProgram again =
          publisher(server, "--bucket", "asked", "-n", 1).args(args.toArray()).start();
      assertThat(again.waitForExit()).isZero();
      assertThat(again.stderrLines()).noneMatch(line -> line.startsWith("WARN"));
    }
  }

  @Tag("more")
  @Test
  void anExistingBucketIsUsedAsItIs() {
    put("--bucket", "mine", "--history", 3, "-n", 1);
    RunningProgram other =
        publisher(server, "--bucket", "mine", "--history", 5, "--storage", "memory", "-n", 1)
            .start();
    assertThat(other.waitForExit()).isZero();
    assertThat(other.stdoutLines()).containsExactly(ack("mine", "key", 2));
    assertThat(other.waitForStderr("WARN"))
        .isEqualTo(
            "WARN Bucket \"mine\" exists and is used as it is:"
                + " history is 3, not 5, storage is file, not memory");
  }

  @Tag("more")
  @Test
  void valuesOfABucketWithALifetimeDisappear() {
    put("--bucket", "short", "--ttl-bucket", "1s", "-n", 1);
    await()
        .untilAsserted(
            () -> {
              RunningProgram list = subscriber(server, "--bucket", "short", "--list").start();
              assertThat(list.waitForExit()).isZero();
              assertThat(list.stdoutLines()).isEmpty();
            });
  }

  @Test
  void aBucketIsAStream() throws Exception {
    put("--bucket", "stream", "--history", 5, "--keys", "a,b", "-n", 3, "-i", 0, "-m", "{n}");
    try (Connection connection = connect(server)) {
      JetStreamManagement management = connection.jetStreamManagement();
      assertThat(management.getStreamInfo("KV_stream").getConfiguration().getSubjects())
          .containsExactly("$KV.stream.>");
      OrderedConsumerContext consumer =
          connection
              .getStreamContext("KV_stream")
              .createOrderedConsumer(new OrderedConsumerConfiguration());
      for (String expected : List.of("$KV.stream.a 0", "$KV.stream.b 1", "$KV.stream.a 2")) {
        Message message = consumer.next(Duration.ofSeconds(5));
        assertThat(message.getSubject() + " " + new String(message.getData())).isEqualTo(expected);
      }
    }
  }

  @Test
  void quietRunsOnlySumUp() {
    RunningProgram publisher =
        publisher(server, "--bucket", "quiet", "-n", 2, "-i", 0, "-q").start();
    assertThat(publisher.waitForExit()).isZero();
    assertThat(publisher.stdoutLines()).isEmpty();
    RunningProgram subscriber = subscriber(server, "--bucket", "quiet", "-n", 1, "-q").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines()).isEmpty();
    subscriber.waitForStderr("Received 1 message, ");
  }
}
