package io.github.natsexperiments.keyvalue;

import static io.github.natsexperiments.keyvalue.Entries.ack;
import static io.github.natsexperiments.keyvalue.Entries.watching;
import static io.github.natsexperiments.testkit.Pair.connect;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.Mirror;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong words, wrong values, buckets that are not there: one line, the documented exit code. */
class KvFailuresIT {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private static String lastLine(RunningProgram program, int exitCode) {
    assertThat(program.waitForExit()).isEqualTo(exitCode);
    List<String> lines = program.stderrLines();
    assertThat(lines.stream().filter(line -> line.startsWith("ERROR "))).hasSize(1);
    return lines.get(lines.size() - 1);
  }

  static Stream<List<String>> wrongUsageOfThePublisher() {
    return Stream.of(
        List.of("--replicas", "6"),
        List.of("--max-value-size", "0"),
        List.of("--key", "a."),
        List.of("--key", "a..b"),
        List.of("--key", ".a"),
        List.of("--key", "a b"),
        List.of("--key", "a.*"),
        List.of("--key", ""),
        List.of("--keys", "a,,b"),
        List.of("--bucket", "a.b"),
        List.of("--bucket", ""),
        List.of("--history", "0"),
        List.of("--history", "65"),
        List.of("--storage", "tape"),
        List.of("--delete", "a."),
        List.of("--async", "5000"),
        List.of("--async", "0"),
        List.of("--delete", "a", "--purge", "a"),
        List.of("--delete", "a", "-m", "text"),
        List.of("--delete", "a", "--key", "b"),
        List.of("--purge", "a", "--stdin"),
        List.of("--purge", "a", "--async"),
        List.of("--stdin", "--key", "a"),
        List.of("--stdin", "--size", "9"));
  }

  @ParameterizedTest
  @MethodSource
  void wrongUsageOfThePublisher(List<String> args) {
    RunningProgram publisher = publisher(server, args.toArray()).start();
    assertThat(lastLine(publisher, 2)).contains(args.get(0)).endsWith(Program.seeHelp("publisher"));
    assertThat(publisher.stderrLines()).hasSize(1); // not even a connection is made
  }

  static Stream<List<String>> wrongUsageOfTheSubscriber() {
    return Stream.of(
        List.of("--key", "a."),
        List.of("--key", "a.>.b"),
        List.of("--bucket", "a b"),
        List.of("--from", "-1"),
        List.of("--get", "a@b"),
        List.of("--get", "a..b"),
        List.of("--get", "a@0"), // shown as it is: no URL
        List.of("--poll", "--key", "a.*"),
        List.of("--get", "a", "--key", "b"),
        List.of("--list", "--history"));
  }

  @ParameterizedTest
  @MethodSource
  void wrongUsageOfTheSubscriber(List<String> args) {
    RunningProgram subscriber = subscriber(server, args.toArray()).start();
    assertThat(lastLine(subscriber, 2))
        .contains(args.get(0))
        .endsWith(Program.seeHelp("subscriber"));
    assertThat(subscriber.stderrLines()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-n1", "--list", "--get=key", "--poll"})
  void aMissingBucket(String option) {
    RunningProgram subscriber = subscriber(server, "--bucket", "missing", option).start();
    assertThat(lastLine(subscriber, 1))
        .contains("There is no bucket \"missing\": start publisher.jar");
  }

  @Test
  void aValueTooLarge() {
    RunningProgram publisher =
        publisher(server, "--bucket", "small", "--max-value-size", 10, "--stdin")
            .stdin("a=short\nb=much too long\nc=never\n")
            .start();
    assertThat(lastLine(publisher, 1)).contains("Bucket \"small\": message size exceeds maximum");
    assertThat(publisher.stdoutLines()).containsExactly(ack("small", "a", 1));
  }

  @Test
  void aValueTooLargeInAWindow() {
    String lines =
        String.join(
            "\n",
            IntStream.range(0, 100)
                .mapToObj(n -> n == 50 ? "b=" + "x".repeat(300) : "a=" + n)
                .toList());
    RunningProgram publisher =
        publisher(server, "--bucket", "small2", "--max-value-size", 200, "--stdin", "--async")
            .stdin(lines)
            .start();
    assertThat(lastLine(publisher, 1)).contains("The server refused 1 of ");
    publisher.waitForStderr("WARN Refused a value of key \"b\": message size exceeds maximum");
    assertThat(publisher.stdoutLines()).startsWith(ack("small2", "a", 1)).hasSizeGreaterThan(49);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--async", "--quiet"})
  void aValueLargerThanAnyMessage(String option) {
    RunningProgram publisher =
        publisher(server, "--bucket", "large", "--stdin", option)
            .stdin("a=1\nb=" + "x".repeat(1_048_577) + "\n")
            .start();
    assertThat(lastLine(publisher, 1)).contains("A value is larger than the 1048576 bytes");
    publisher.waitForStderr("Put 1 message, ");
  }

  /** The headers count, too. */
  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"--async", "--quiet"})
  void aValueWithNoRoomForItsHeaders(String option) {
    RunningProgram publisher =
        publisher(server, "--bucket", "large", "--size", 1_048_576, option).start();
    assertThat(lastLine(publisher, 1))
        .isEqualTo(
            "ERROR A value is larger than the 1048576 bytes that the server takes, headers included"
                + " (max_payload)");
  }

  @Test
  void aServerForShortMessagesOnly() throws Exception {
    String open = ServerConfig.profile("open").text();
    ServerConfig config = new ServerConfig("short", open + "\nmax_payload: 200\n");
    try (RunningServer narrow = TestServer.start(config)) {
      assertThat(lastLine(publisher(narrow, "-n", 1).start(), 1))
          .isEqualTo(
              "ERROR No bucket \"sample_kv\": the request for it is larger than the 200 bytes that the"
                  + " server takes (max_payload)");
    }
  }

  @Test
  void aKeyThatIsTooLong() {
    String key = "k".repeat(4000);
    for (String option : List.of("--quiet", "--async")) {
      RunningProgram publisher =
          publisher(server, "--bucket", "long", "--stdin", option).stdin(key + "=x\n").start();
      assertThat(lastLine(publisher, 1))
          .isEqualTo(
              "ERROR Line 1 of standard input is not KEY=VALUE, with a key of at most 3500 bytes");
    }
    RunningProgram get = subscriber(server, "--bucket", "long", "--get", key).start();
    assertThat(lastLine(get, 2)).contains("'kkk").contains("is too long: 4000 bytes, at most 3500");
  }

  @Test
  void moreReplicasThanServers() {
    RunningProgram publisher = publisher(server, "--bucket", "three", "--replicas", 3).start();
    assertThat(lastLine(publisher, 1)).contains("No bucket \"three\": replicas > 1");
  }

  @Tag("more")
  @Test
  void theBucketIsDeletedWhileItIsWatched() throws Exception {
    publisher(server, "--bucket", "brief", "-n", 1).start().waitForExit();
    RunningProgram subscriber = watching(subscriber(server, "--bucket", "brief"));
    try (Connection connection = connect(server)) {
      connection.keyValueManagement().delete("brief");
    }
    assertThat(subscriber.waitForExit(Duration.ofSeconds(5))).isEqualTo(1);
    subscriber.waitForStderr("ERROR Bucket \"brief\" is gone: ");
  }

  @Tag("soak")
  @Test
  void theBucketIsCreatedAnewWhileItIsWatched() throws Exception {
    publisher(server, "--bucket", "anew", "-n", 1, "-m", "old").start().waitForExit();
    RunningProgram strict = watching(subscriber(server, "--bucket", "anew"));
    RunningProgram following = watching(subscriber(server, "--bucket", "anew", "--follow"));
    try (Connection connection = connect(server)) {
      connection.keyValueManagement().delete("anew");
    }
    publisher(server, "--bucket", "anew", "-n", 2, "-i", 0, "-m", "new {n}").start().waitForExit();

    assertThat(strict.waitForExit(Duration.ofSeconds(5))).isEqualTo(1);
    following.waitForStdout("new 1");
    assertThat(following.stdoutLines()).hasSizeBetween(2, 3); // history 1: "new 0" may be gone
    following.waitForStderr("Bucket \"anew\" is a new one");
  }

  @Test
  void whoFollowsWaitsForTheBucket() {
    RunningProgram following =
        subscriber(server, "--bucket", "later", "--follow", "-n", 3, "-t", "20s").start();
    following.waitForStderr("Waiting for bucket \"later\" to be created");
    publisher(server, "--bucket", "later", "--history", 9, "-n", 3, "-i", 0).start().waitForExit();
    assertThat(following.waitForExit()).isZero();
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"--storage=file", "--async"})
  void theBucketIsDeletedWhileItIsWritten(String option) throws Exception {
    RunningProgram publisher = publisher(server, "--bucket", "cut", "-i", "10ms", option).start();
    publisher.waitForStdout("revision = \"3\"");
    try (Connection connection = connect(server)) {
      connection.keyValueManagement().delete("cut");
    }
    assertThat(publisher.waitForExit(Duration.ofSeconds(5))).isEqualTo(1);
    publisher.waitForStderr("ERROR Bucket \"cut\": it is gone: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--quiet", "--async"})
  void aFullBucketSaysSoOnce(String option) throws Exception {
    try (Connection connection = connect(server)) {
      connection
          .keyValueManagement()
          .create(KeyValueConfiguration.builder("full").maxBucketSize(1000).build());
      RunningProgram publisher =
          publisher(server, "--bucket", "full", "--stdin", option)
              .stdin("a=1\nb=2\nc=3\nd=4\n".repeat(100).replaceAll("=", "=" + "x".repeat(200)))
              .start();
      assertThat(publisher.waitForExit()).isEqualTo(1);
      publisher.waitForStderr("maximum bytes exceeded [10077]");
      assertThat(publisher.stderrLines())
          .filteredOn(line -> line.contains("maximum bytes exceeded"))
          .hasSize(1);
      connection.keyValueManagement().delete("full");
    }
  }

  @Tag("more")
  @Test
  void theBucketIsDeletedWhileItIsPolled() throws Exception {
    publisher(server, "--bucket", "cut", "-n", 1).start().waitForExit();
    RunningProgram poll = subscriber(server, "--bucket", "cut", "--poll", "10ms").start();
    poll.waitForStdout("PUT");
    try (Connection connection = connect(server)) {
      connection.keyValueManagement().delete("cut");
    }
    assertThat(poll.waitForExit(Duration.ofSeconds(5))).isEqualTo(1);
    poll.waitForStderr("ERROR Bucket \"cut\" is gone: ");
  }

  @Tag("more")
  @Test
  void aSealedBucketTakesNoPuts() throws Exception {
    publisher(server, "--bucket", "closed", "-n", 1).start().waitForExit();
    try (Connection connection = connect(server)) {
      JetStreamManagement management = connection.jetStreamManagement();
      management.updateStream(
          StreamConfiguration.builder(management.getStreamInfo("KV_closed").getConfiguration())
              .seal()
              .build());
    }
    RunningProgram publisher = publisher(server, "--bucket", "closed").start();
    assertThat(lastLine(publisher, 1))
        .isEqualTo("ERROR Bucket \"closed\" is sealed: it takes no writes any more");
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"--quiet", "--async"})
  void aMirrorTakesNoPuts(String option) throws Exception {
    publisher(server, "--bucket", "origin", "-n", 1).start().waitForExit();
    try (Connection connection = connect(server)) {
      connection
          .keyValueManagement()
          .create(
              KeyValueConfiguration.builder("copy")
                  .mirror(Mirror.builder().name("origin").build())
                  .build());
      RunningProgram publisher = publisher(server, "--bucket", "copy", option).start();
      assertThat(lastLine(publisher, 1))
          .isEqualTo("ERROR Bucket \"copy\" is a mirror of bucket \"origin\": write to that one");
      connection.keyValueManagement().delete("copy");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--quiet", "--async"})
  void aStreamWithoutTheSubjectsOfABucket(String option) throws Exception {
    try (Connection connection = connect(server)) {
      JetStreamManagement management = connection.jetStreamManagement();
      management.addStream(StreamConfiguration.builder().name("KV_odd").subjects("odd").build());
      RunningProgram publisher = publisher(server, "--bucket", "odd", option).start();
      assertThat(publisher.waitForExit(Duration.ofSeconds(5))).isEqualTo(1);
      assertThat(lastLine(publisher, 1))
          .isEqualTo("ERROR Bucket \"odd\" takes no writes: its stream has no subject $KV.odd.>");
      management.deleteStream("KV_odd");
    }
  }

  @Tag("more")
  @Test
  void aStreamThatLosesTheSubjectsOfItsBucket() throws Exception {
    RunningProgram publisher = publisher(server, "--bucket", "odder", "-i", "100ms").start();
    publisher.waitForStdout("revision = \"1\"");
    try (Connection connection = connect(server)) {
      JetStreamManagement management = connection.jetStreamManagement();
      management.updateStream(
          StreamConfiguration.builder(management.getStreamInfo("KV_odder").getConfiguration())
              .subjects("odder")
              .build());
      assertThat(publisher.waitForExit(Duration.ofSeconds(5))).isEqualTo(1);
      assertThat(lastLine(publisher, 1))
          .isEqualTo(
              "ERROR Bucket \"odder\" does not take key \"key\": its stream has other subjects");
    }
  }

  /** Exactly the rights that the publisher needs for an existing bucket, and one less. */
  @Tag("soak")
  @Test
  void narrowPermissions() throws Exception {
    String users =
        """

        authorization { users: [
          { user: all, password: x },
          { user: enough, password: x, permissions: { subscribe: "_INBOX.>", publish: [
              "$KV.sample_kv.>", "$JS.API.STREAM.INFO.KV_sample_kv",
              "$JS.API.STREAM.MSG.GET.KV_sample_kv"] } },
          { user: reader, password: x, permissions: { subscribe: "_INBOX.>", publish: [
              "$JS.API.STREAM.INFO.KV_sample_kv"] } }
        ] }
        """;
    ServerConfig config = new ServerConfig("narrow", ServerConfig.profile("open").text() + users);
    try (RunningServer narrow = TestServer.start(config)) {
      assertThat(as("all", narrow).args("-n", 1).start().waitForExit()).isZero();
      RunningProgram publisher = as("enough", narrow).args("-n", 2).start();
      assertThat(publisher.waitForExit()).isZero();
      assertThat(publisher.stdoutLines())
          .containsExactly(ack("sample_kv", "key", 2), ack("sample_kv", "key", 3));

      RunningProgram other = as("enough", narrow).args("--bucket", "other").start();
      assertThat(lastLine(other, 4)).contains("$JS.API.STREAM.INFO.KV_other");

      for (String option : List.of("--quiet", "--async")) {
        RunningProgram reader = as("reader", narrow).args("-n", 1, option).start();
        assertThat(lastLine(reader, 4)).contains("Publish to \"$KV.sample_kv.key\"");
        assertThat(reader.stderrLines()).noneMatch(line -> line.startsWith("WARN The server says"));
      }
    }
  }

  private static Program as(String user, RunningServer server) {
    return publisher(server).env("NATS_USER", user).env("NATS_PASSWORD", "x");
  }

  @Test
  void anEmptyVariableIsNone() {
    Program publisher = publisher(server, "-n", 1).env("NATS_CA", "").env("NATS_CREDS", "");
    assertThat(publisher.start().waitForExit()).isZero();
  }

  @Tag("more")
  @Test
  void noJetStream() throws Exception {
    ServerConfig config = new ServerConfig("no JetStream", "http: 8222\n");
    try (RunningServer bare = TestServer.start(config)) {
      for (Program program : List.of(publisher(bare), subscriber(bare))) {
        assertThat(lastLine(program.start(), 1)).contains("JetStream is off");
      }
    }
  }

  @Tag("more")
  @Test
  void nothingComes() {
    publisher(server, "--bucket", "still", "-n", 1).start().waitForExit();
    RunningProgram subscriber = subscriber(server, "--bucket", "still", "-t", "300ms").start();
    assertThat(lastLine(subscriber, 5)).contains("Gave up: nothing for key \"key\" within 300 ms");
    subscriber.waitForStderr("Received 1 message");
  }
}
