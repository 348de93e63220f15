package io.github.natsexperiments.callbacks;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.SubjectTransform;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ends a program: one line that says what, where and what to do, and the right exit code. */
class FailuresIT {
  @RegisterExtension final TestServer server = TestServer.profile("open");

  private static void fails(RunningProgram program, int exitCode, String... parts) {
    assertThat(program.waitForExit()).isEqualTo(exitCode);
    assertThat(program.stderrLines())
        .filteredOn(line -> line.startsWith("ERROR "))
        .singleElement()
        .asString()
        .contains(parts);
    assertThat(program.stderrLines()).noneMatch(line -> line.startsWith("\tat "));
  }

  private void stream(StreamConfiguration.Builder configuration) throws Exception {
    try (Connection connection = Pair.connect(server)) {
      connection
          .jetStreamManagement()
          .addStream(configuration.name("sample_stream").subjects("foo").build());
    }
  }

  @Test
  void storageFull() throws Exception {
    stream(StreamConfiguration.builder().maxMessages(100).discardPolicy(DiscardPolicy.New));
    RunningProgram publisher = publisher(server, "-n", 150, "-i", "1ms").start();
    fails(publisher, 1, "maximum messages exceeded [10077]", "make room", "--resume");
    // Each refused publish is reported, and all that was acknowledged can be read.
    assertThat(publisher.stdoutLines()).hasSize(100);
    assertThat(publisher.stderrLines())
        .filteredOn(line -> line.startsWith("WARN Refused: "))
        .isNotEmpty()
        .allMatch(line -> line.endsWith("maximum messages exceeded [10077]"));
    assertThat(Pair.summary(publisher)).contains("10077");
    assertThat(StoredNumbers.in(server, "sample_stream"))
        .isEqualTo(IntStream.range(0, 100).boxed().toList());

    // With room again, --resume completes the run.
    try (Connection connection = Pair.connect(server)) {
      connection
          .jetStreamManagement()
          .updateStream(
              StreamConfiguration.builder()
                  .name("sample_stream")
                  .subjects("foo")
                  .discardPolicy(DiscardPolicy.New)
                  .build());
    }
    RunningProgram rest = publisher(server, "-n", 150, "-i", 0, "--resume").start();
    assertThat(rest.waitForExit()).isZero();
    assertThat(StoredNumbers.in(server, "sample_stream"))
        .isEqualTo(IntStream.range(0, 150).boxed().toList());
  }

  @Tag("more")
  @Test
  void aRefusalIsReportedOnceWhenQuiet() throws Exception {
    stream(StreamConfiguration.builder().maxMessages(100).discardPolicy(DiscardPolicy.New));
    RunningProgram publisher = publisher(server, "-n", 150, "-i", 0, "-q").start();
    fails(publisher, 1, "maximum messages exceeded [10077]");
    assertThat(publisher.stderrLines())
        .filteredOn(line -> line.startsWith("WARN Refused: "))
        .hasSize(1);
  }

  @Test
  void fullAtFullSpeedTellsEachRefusal() throws Exception {
    stream(StreamConfiguration.builder().maxMessages(1000).discardPolicy(DiscardPolicy.New));
    RunningProgram publisher = publisher(server, "-i", 0).start();
    fails(publisher, 1, "maximum messages exceeded [10077]");
    assertThat(publisher.stdoutLines()).hasSize(1000);
    assertThat(publisher.stderrLines()).noneMatch(line -> line.contains("have no ack"));
  }

  @Tag("more")
  @Test
  void messagesThatAreTooLarge() throws Exception {
    fails(
        publisher(server, "-n", 1, "--size", 2_000_000).start(),
        1,
        "#0 not sent",
        "exceed server configuration");
    try (Connection connection = Pair.connect(server)) {
      connection.jetStreamManagement().deleteStream("sample_stream");
    }
    stream(StreamConfiguration.builder().maximumMessageSize(100));
    fails(
        publisher(server, "-n", 1, "--size", 200).start(),
        1,
        "message size exceeds maximum allowed [10054]",
        "max_msg_size");
  }

  @Test
  void streamOrConsumerDeletedUnderneath() throws Exception {
    RunningProgram subscriber = waiting(subscriber(server));
    RunningProgram publisher = publisher(server, "-i", "20ms").start();
    subscriber.waitForStdout("Hello #5 ");
    try (Connection connection = Pair.connect(server)) {
      connection.jetStreamManagement().deleteConsumer("sample_stream", "callbacks");
      // As the page shows it.
      String where = "Stream \"sample_stream\": ";
      fails(subscriber, 1, where + "consumer not found [10014]", "the consumer has gone");
      assertThat(publisher.isRunning()).isTrue();
      connection.jetStreamManagement().deleteStream("sample_stream");
      fails(publisher, 1, "stream not found [10059]", "the stream has gone");
    }
  }

  /** No error says so: nothing answers any more. */
  @ParameterizedTest
  @ValueSource(strings = {"subject", "acks"})
  void theStreamStopsTakingMessages(String what) throws Exception {
    RunningProgram publisher = publisher(server, "-i", "20ms").start();
    publisher.waitForStdout("Ack: ");
    try (Connection connection = Pair.connect(server)) {
      JetStreamManagement management = connection.jetStreamManagement();
      StreamConfiguration.Builder other =
          StreamConfiguration.builder(management.getStreamInfo("sample_stream").getConfiguration());
      management.updateStream(
          what.equals("acks") ? other.noAck(true).build() : other.subjects("bar").build());
    }
    String why = what.equals("acks") ? "gives no acks (no_ack)" : "does not take subject \"foo\"";
    fails(publisher, 1, "Stream \"sample_stream\" " + why);
  }

  @Tag("more")
  @Test
  void theServerComesBackWithoutJetStream() throws Exception {
    try (NativeServer on = NativeServer.start(ServerConfig.profile("open"), 0)) {
      RunningProgram subscriber = waiting(subscriber(on));
      RunningProgram publisher = publisher(on, "-i", "20ms").start();
      subscriber.waitForStdout("Hello #1 ");
      on.kill();
      ServerConfig plain = new ServerConfig("plain", "http: 8222\n");
      try (RunningServer off = NativeServer.start(plain, on.port())) {
        fails(publisher, 1, "JetStream is off on the server at " + off.url());
        fails(subscriber, 1, "JetStream is off on the server at " + off.url());
      }
    }
  }

  @Tag("more")
  @Test
  void aServerThatLimitsTheDuplicateWindow() throws Exception {
    String config = "http: 8222\njetstream { limits { duplicate_window: \"30s\" } }\n";
    try (RunningServer strict = TestServer.start(new ServerConfig("strict", config))) {
      assertThat(publisher(strict, "-n", 1).start().waitForExit()).isZero();
    }
  }

  /** A subject is not JSON. */
  @Tag("more")
  @Test
  void aSubjectWithAQuote() {
    Object[] args = {"-i", 0, "--resume", "--subject", "a\"b\\c"};
    assertThat(publisher(server, args).args("-n", 3).start().waitForExit()).isZero();
    RunningProgram rest = publisher(server, args).args("-n", 5).start();
    assertThat(rest.waitForExit()).isZero();
    assertThat(rest.stdoutLines()).hasSize(2);
  }

  /** Where the last message is stored under another subject, --resume would begin a new run. */
  @Tag("more")
  @Test
  void resumeWhereTheStreamChangesTheSubject() throws Exception {
    stream(
        StreamConfiguration.builder()
            .subjectTransform(SubjectTransform.builder().source("foo").destination("bar").build()));
    assertThat(publisher(server, "-n", 3, "-i", 0).start().waitForExit()).isZero();
    RunningProgram resumed = publisher(server, "-n", 5, "--resume").start();
    try (Connection connection = Pair.connect(server)) {
      if (connection.getServerInfo().isSameOrNewerThanVersion("2.10.0")) {
        fails(resumed, 1, "leave out --resume");
      } else { // which changes no subjects
        assertThat(resumed.waitForExit()).isZero();
      }
    }
  }

  /** So quickly that nobody sees it missing: its sequences begin again. */
  @Tag("more")
  @Test
  void theStreamIsReplacedByANewOne() throws Exception {
    stream(StreamConfiguration.builder());
    RunningProgram subscriber = waiting(subscriber(server));
    try (Connection connection = Pair.connect(server)) {
      for (int i = 0; i < 5; i++) {
        connection.jetStream().publish("foo", new byte[] {'o', 'l', 'd'});
      }
      Pair.awaitLines(subscriber, 5);
      connection.jetStreamManagement().deleteStream("sample_stream");
      stream(StreamConfiguration.builder());
      fails(subscriber, 1, "tream \"sample_stream\"", "gone");
      for (int i = 0; i < 5; i++) {
        connection.jetStream().publish("foo", new byte[] {'n', 'e', 'w'});
      }
    }
    RunningProgram next = subscriber(server, "-n", 5, "-t", "10s").start();
    assertThat(next.waitForExit()).isZero();
    assertThat(next.stdoutLines()).hasSize(5).allMatch(line -> line.endsWith("new"));
  }

  @Tag("more")
  @Test
  void memoryStorageIsGoneAfterARestart() throws Exception {
    stream(StreamConfiguration.builder().storageType(StorageType.Memory));
    RunningProgram subscriber = waiting(subscriber(server));
    RunningProgram publisher = publisher(server, "-i", "20ms").start();
    subscriber.waitForStdout("Hello #5 ");
    server.restart();
    fails(publisher, 1, "stream not found [10059]", "in memory only?");
    fails(subscriber, 1, "[100", "in memory only?");
  }

  @Test
  void noServerNoStreamWrongUsage() throws Exception {
    int closed;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closed = socket.getLocalPort();
    }
    for (String jar : List.of("publisher", "subscriber", "gallery")) {
      RunningProgram program = Program.jar(jar).args("-s", "nats://127.0.0.1:" + closed).start();
      fails(program, 3, "Cannot reach nats://127.0.0.1:" + closed, "./lab server");
      assertThat(program.stderrLines()).hasSize(1);
      assertThat(program.stdoutLines()).isEmpty();
    }
    fails(
        subscriber(server, "-t", "1s").start(),
        5,
        "Gave up: no message of stream \"sample_stream\"");
    fails(publisher(server, "--window", 0).start(), 2, "--window", "from 1 on");
    fails(publisher(server, "--window", 1001).start(), 2, "--window", "more than 1000");
    fails(publisher(server, "--replicas", 6).start(), 2, "--replicas", "1 to 5");
    fails(subscriber(server, "--fail-every", 0).start(), 2, "--fail-every");
    fails(subscriber(server, "--ack-wait", 0).start(), 2, "--ack-wait");
    fails(subscriber(server, "--max-deliver", 0).start(), 2, "--max-deliver");
    fails(subscriber(server, "--durable", "a.b").start(), 2, "--durable");
    fails(publisher(server, "--stream", "a b").start(), 2, "--stream");
  }

  @Test
  void moreReplicasThanServers() {
    fails(publisher(server, "--replicas", 3).start(), 1, "[10074]", "leave out --replicas");
  }

  @Test
  void aStreamForOtherSubjects() throws Exception {
    stream(StreamConfiguration.builder());
    fails(
        publisher(server, "--subject", "bar").start(),
        1,
        "Stream \"sample_stream\" does not take subject \"bar\"");
    fails(
        publisher(server, "--stream", "second").start(),
        1,
        "Stream \"second\": subjects overlap with an existing stream [10065]",
        "choose another --subject");
  }

  @Tag("soak")
  @Test
  void theTimeoutAlsoCountsWhileTheServerIsAway() throws Exception {
    RunningProgram subscriber = waiting(subscriber(server, "-t", "3s"));
    RunningProgram publisher = publisher(server, "-n", 1).start();
    subscriber.waitForStdout("Hello #0 ");
    assertThat(publisher.waitForExit()).isZero();
    server.kill();
    fails(subscriber, 5, "Gave up: no message of stream");
  }

  @Test
  void jetStreamOff() throws Exception {
    try (RunningServer plain = TestServer.start(new ServerConfig("plain", "http: 8222\n"))) {
      fails(publisher(plain).start(), 1, "JetStream is off on the server at ");
      fails(subscriber(plain).start(), 1, "JetStream is off on the server at ");
    }
  }
}
