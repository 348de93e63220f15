package io.github.natsexperiments.jetstream;

import static io.github.natsexperiments.testkit.Pair.acks;
import static io.github.natsexperiments.testkit.Pair.numbers;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.upTo;
import static io.github.natsexperiments.testkit.Pair.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each thing that JetStream refuses: one line says what, and what to do. */
class JetStreamFailuresIT {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @AfterEach
  void removeStreams() throws IOException, InterruptedException {
    JetStreamView.clear(server);
  }

  private static void fails(RunningProgram program, int exitCode, String... parts) {
    assertThat(program.waitForExit()).isEqualTo(exitCode);
    assertThat(program.stderrLines())
        .last()
        .asString()
        .startsWith("ERROR ")
        .contains(parts)
        .doesNotContain("Exception");
  }

  static Stream<List<String>> wrongUsageOfThePublisher() {
    return Stream.of(
        List.of("--stream", "a.b"),
        List.of("--storage", "tape"),
        List.of("--retention", "ever"),
        List.of("--discard", "all"),
        List.of("--async=0"),
        List.of("--async=4097"),
        List.of("--max-messages", "0"),
        List.of("--replicas", "0"),
        List.of("--replicas", "6"),
        List.of("--max-age", "old"),
        List.of("--subject", "foo.*"));
  }

  @ParameterizedTest
  @MethodSource
  void wrongUsageOfThePublisher(List<String> args) {
    fails(publisher(server, args.toArray()).start(), 2, Program.seeHelp("publisher"));
  }

  static Stream<List<String>> wrongUsageOfTheSubscriber() {
    return Stream.of(
        List.of("--durable", "a b"),
        List.of("--from", "yesterday"),
        List.of("--from", "0"),
        List.of("--from", "+999999999-12-31T23:59:59Z"),
        List.of("--batch", "1"),
        List.of("--max-deliver", "0"),
        List.of("--ack-wait", "0"),
        List.of("--ordered", "--ack-sync"),
        List.of("--backoff=1s,2s", "--ack-wait=1s"),
        List.of("--ordered", "--durable=second"));
  }

  @ParameterizedTest
  @MethodSource
  void wrongUsageOfTheSubscriber(List<String> args) {
    String wrong = args.get(args.size() - 1).replaceFirst("=.*", "");
    fails(subscriber(server, args.toArray()).start(), 2, wrong);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--subject=foo", "--async"})
  void aFullStreamRefusesAndKeepsWhatItAcknowledged(String mode) {
    RunningProgram publisher =
        publisher(server, "-n", 13, "-i", 0, "--max-messages", 10, "--discard", "new", mode)
            .start();
    fails(publisher, 1, "3 messages were refused: they are not stored");
    assertThat(acks(publisher)).hasSize(10);
    for (int n = 10; n < 13; n++) {
      publisher.waitForStderr("Message #" + n + " was refused: maximum messages exceeded [10077]");
    }
    RunningProgram subscriber = subscriber(server, "-n", 10, "-t", "15s").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(numbers(subscriber)).isEqualTo(upTo(10));
  }

  /** The server closes the connection each time that jnats subscribes again. */
  @Tag("more")
  @Test
  void moreSubscriptionsThanTheServerAllows() throws IOException {
    ServerConfig few =
        new ServerConfig("few", ServerConfig.profile("open").text() + "\nmax_subscriptions: 1\n");
    try (RunningServer strict = TestServer.start(few)) {
      fails(publisher(strict, "-i", 0).start(), 1, "The server allows no more subscriptions");
    }
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"--subject=foo", "--async"})
  void aFullServerRefusesAndKeepsWhatItAcknowledged(String mode) throws IOException {
    try (RunningServer small =
        TestServer.start(
            new ServerConfig("small", "http: 8222\njetstream { max_file_store: 500KB }\n"))) {
      RunningProgram publisher =
          publisher(small, "-n", 20, "-i", 0, "--size", 50_000, mode).start();
      fails(publisher, 1, "messages were refused");
      publisher.waitForStderr("was refused: insufficient");
      int stored = acks(publisher).size();
      assertThat(stored).isBetween(5, 15);
      RunningProgram subscriber = subscriber(small, "-n", stored, "-t", "15s").start();
      assertThat(subscriber.waitForExit()).isZero();
      assertThat(numbers(subscriber)).isEqualTo(upTo(stored));
    }
  }

  @Test
  void jetStreamIsOff() throws IOException {
    try (RunningServer plain = TestServer.start(new ServerConfig("plain", "http: 8222\n"))) {
      fails(publisher(plain).start(), 1, "JetStream is off on the server at " + plain.url());
      fails(subscriber(plain).start(), 1, "JetStream is off on the server at " + plain.url());
    }
  }

  @Tag("soak")
  @Test
  void theStreamIsThereWithOtherSettings() {
    publisher(server, "-n", 1, "--storage", "memory", "--max-age", "1h").start().waitForExit();
    RunningProgram publisher = publisher(server, "-n", 1, "--retention", "workqueue").start();
    assertThat(publisher.waitForExit()).isZero();
    assertThat(publisher.waitForStderr("It stays as it is"))
        .contains(
            "storage is memory, not file",
            "retention is limits, not workqueue",
            "max-age is 1h, not 0s")
        .doesNotContain("replicas");
    assertThat(acks(publisher)).hasSize(1);
  }

  @Tag("more")
  @Test
  void theSubjectBelongsToAnotherStream() {
    publisher(server, "-n", 1).start().waitForExit();
    fails(
        publisher(server, "--stream", "other").start(),
        1,
        "Subject \"foo\" belongs to another stream, sample_stream");
    fails(
        publisher(server, "--subject", "bar").start(),
        1,
        "Stream \"sample_stream\" does not take messages for \"bar\"");
  }

  @Test
  void moreReplicasThanServers() {
    fails(publisher(server, "--replicas", 3).start(), 1, "[10074]", "leave out --replicas");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--subject=foo", "--async"})
  void aPayloadTooLargeLosesNoEarlierMessage(String mode) {
    RunningProgram publisher =
        publisher(server, "--stdin", mode)
            .stdin("one\ntwo\n" + "x".repeat(1_048_577) + "\nfour\n")
            .start();
    fails(publisher, 1, "A message is larger than the 1048576 bytes");
    assertThat(acks(publisher)).hasSize(2);
  }

  @Tag("more")
  @Test
  void theStreamOrTheConsumerHasAnotherSubject() throws Exception {
    publisher(server, "-n", 1).start().waitForExit();
    fails(
        subscriber(server, "--subject", "bar").start(),
        1,
        "Stream \"sample_stream\" has no subject \"bar\"");

    subscriber(server, "-n", 1).start().waitForExit();
    try (JetStreamView view = new JetStreamView(server)) {
      view.management.updateStream(
          StreamConfiguration.builder(view.stream().getConfiguration()).addSubjects("bar").build());
    }
    fails(
        subscriber(server, "--subject", "bar").start(),
        1,
        "Consumer \"sample_durable\" reads subject \"foo\", not \"bar\"");
  }

  @Tag("soak")
  @Test
  void theConsumerIsDeletedWhileItIsRead() throws Exception {
    publisher(server, "-n", 1).start().waitForExit();
    RunningProgram subscriber = waiting(subscriber(server));
    subscriber.waitForStdout("Ack: ");
    try (JetStreamView view = new JetStreamView(server)) {
      view.management.deleteConsumer(JetStreamView.STREAM, JetStreamView.DURABLE);
    }
    fails(subscriber, 1, "Consumer \"sample_durable\" was deleted");
  }

  @Tag("soak")
  @Test
  void theStreamIsDeletedWhileItIsReadAndWritten() throws Exception {
    for (String mode : List.of("--subject=foo", "--async")) {
      RunningProgram publisher = publisher(server, "-i", "50ms", mode).start();
      RunningProgram subscriber = waiting(subscriber(server));
      subscriber.waitForStdout("Hello #3 ");
      JetStreamView.clear(server);
      publisher.waitForStderr("Stream \"sample_stream\" is gone, with every message");
      subscriber.waitForStderr("Stream \"sample_stream\" is gone, with every message");
      // The publisher makes a new one, and both go on with it.
      int published = acks(publisher).size();
      subscriber.waitForStdout("Hello #" + (published + 5) + " ");
      for (RunningProgram program : List.of(publisher, subscriber)) {
        program.sigint();
        assertThat(program.waitForExit()).isEqualTo(130);
      }
      JetStreamView.clear(server);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--storage=file", "--async"})
  void theStreamLosesItsSubjectWhileItIsWritten(String mode) throws Exception {
    RunningProgram publisher = publisher(server, "-i", "20ms", mode).start();
    publisher.waitForStdout("Ack: ");
    try (JetStreamView view = new JetStreamView(server)) {
      view.management.updateStream(
          StreamConfiguration.builder(view.stream().getConfiguration()).subjects("bar").build());
    }
    fails(publisher, 1, "Stream \"sample_stream\" does not take messages for \"foo\"");
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"--storage=file", "--async"})
  void theStreamStopsGivingAcks(String mode) throws Exception {
    RunningProgram publisher = publisher(server, "-i", "20ms", mode).start();
    publisher.waitForStdout("Ack: ");
    try (JetStreamView view = new JetStreamView(server)) {
      view.management.updateStream(
          StreamConfiguration.builder(view.stream().getConfiguration()).noAck(true).build());
    }
    fails(publisher, 1, "Stream \"sample_stream\" gives no acks (no_ack)");
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"--storage=file", "--async"})
  void theServerComesBackWithoutJetStream(String mode) throws IOException {
    try (NativeServer on = NativeServer.start(ServerConfig.profile("open"), 0)) {
      RunningProgram publisher = publisher(on, "-i", "20ms", mode).start();
      RunningProgram subscriber = waiting(subscriber(on));
      subscriber.waitForStdout("Hello #1 ");
      on.kill();
      ServerConfig plain = new ServerConfig("plain", "http: 8222\n");
      try (RunningServer off = NativeServer.start(plain, on.port())) {
        fails(publisher, 1, "JetStream is off on the server at " + off.url());
        fails(subscriber, 1, "JetStream is off on the server at " + off.url());
      }
    }
  }

  /** Each message of a window is refused; that is said once. */
  @ParameterizedTest
  @ValueSource(strings = {"--storage=file", "--async"})
  void thePermissionToPublishIsTakenAway(String mode) throws IOException {
    String user = "jetstream {}\nauthorization { users: [{user: u, password: p%s}] }\n";
    String less = ", permissions: {publish: {deny: foo}}";
    try (RunningServer server =
        TestServer.start(new ServerConfig("all", "http: 8222\n" + user.formatted("")))) {
      RunningProgram publisher =
          publisher(server, "-s", server.url().replace("//", "//u:p@"), "-i", 0, "-q", mode)
              .start();
      publisher.waitForStderr("Created stream");
      server.reload(new ServerConfig("less", "http: 8222\n" + user.formatted(less)));
      fails(publisher, 4, "Refused by the server: Publish to \"foo\"");
      assertThat(publisher.stderrLines())
          .noneMatch(line -> line.startsWith("WARN The server says"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--storage=file", "--async"})
  void theServerComesBackWithASmallerLimit(String mode) throws IOException {
    String limit = "http: 8222\njetstream {}\nmax_payload: ";
    try (RunningServer server = TestServer.start(new ServerConfig("large", limit + "4000\n"))) {
      RunningProgram publisher = publisher(server, "-i", 0, "-q", "--size", 2000, mode).start();
      publisher.waitForStderr("Created stream");
      server.reload(new ServerConfig("small", limit + "1000\n"));
      fails(publisher, 1, "A message is larger than the 1000 bytes");
    }
  }

  @Test
  void givesUpWhenNothingComes() {
    fails(
        subscriber(server, "-t", "300ms").start(),
        5,
        "Gave up: no message in stream \"sample_stream\" for 300 ms");
  }

  @Test
  void messagesThatTheLimitsRemovedAreMissing() throws Exception {
    publisher(server, "-n", 5, "-i", 0, "--max-messages", 5).start().waitForExit();
    try (JetStreamView view = new JetStreamView(server)) {
      view.management.deleteMessage(JetStreamView.STREAM, 3);
    }
    RunningProgram subscriber = subscriber(server, "-n", 4, "-t", "15s").start();
    fails(subscriber, 5, "Messages are missing");
    assertThat(subscriber.waitForStderr("Received 4 ")).endsWith("missing 1, duplicated 0");
  }
}
