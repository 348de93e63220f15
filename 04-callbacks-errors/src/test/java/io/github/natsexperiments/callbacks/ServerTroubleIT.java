package io.github.natsexperiments.callbacks;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What can happen to a server while the pair runs: reported, survived, nothing missing. */
class ServerTroubleIT {
  @RegisterExtension final TestServer server = TestServer.with(configuration("lame", ""));

  private RunningProgram publisher;
  private RunningProgram subscriber;

  /** The open profile, with a lame duck that does not take minutes, and more. */
  private static ServerConfig configuration(String name, String more) {
    String lame = "\nlame_duck_grace_period: \"500ms\"\nlame_duck_duration: \"30s\"\n";
    return new ServerConfig(name, ServerConfig.profile("open").text() + lame + more + "\n");
  }

  private List<RunningProgram> startPair(Object... args) {
    subscriber = waiting(subscriber(server, args));
    publisher = publisher(server, args).args("-i", "20ms").start();
    subscriber.waitForStdout("Hello #10 ");
    return List.of(publisher, subscriber);
  }

  private void goesOn() {
    subscriber.waitForStdout("Hello #" + (publisher.stdoutLines().size() + 10) + " ");
  }

  /** Ctrl-C, first in the publisher's terminal: the subscriber has all that was acknowledged. */
  private void endsWithNothingMissing() {
    goesOn();
    publisher.sigint();
    assertThat(publisher.waitForExit()).isEqualTo(130);
    int acked = publisher.stdoutLines().size();
    assertThat(Pair.summary(publisher)).isEqualTo("INFO Published " + acked + " messages");
    // What the server sent into a dead connection comes again after the ack wait.
    Pair.awaitLines(subscriber, acked);
    subscriber.sigint();
    assertThat(subscriber.waitForExit()).isEqualTo(130);
    assertThat(Pair.summary(subscriber))
        .isEqualTo("INFO Received " + acked + " messages, missing 0, duplicated 0");
  }

  @Test
  void killedAndBackWithinTwoSeconds() throws IOException {
    List<RunningProgram> pair = startPair();
    for (int attempts : new int[] {1, 3}) {
      server.kill();
      for (RunningProgram program : pair) {
        program.waitForStderr("still trying, attempt " + attempts);
      }
      int before = subscriber.stdoutLines().size();
      server.start();
      long up = System.nanoTime();
      long[] lines = {0};
      subscriber.waitForStdout(line -> ++lines[0] > before + 1);
      assertThat(Duration.ofNanos(System.nanoTime() - up)).isLessThan(Duration.ofSeconds(2));
      for (RunningProgram program : pair) {
        program.waitForStderr("RESUBSCRIBED " + server.url());
      }
    }
    endsWithNothingMissing();

    for (RunningProgram program : pair) {
      List<String> events =
          program.stderrLines().stream().filter(line -> line.startsWith("INFO event: ")).toList();
      assertThat(events)
          .allMatch(line -> line.matches("INFO event: \\d\\d:\\d\\d:\\d\\d\\.\\d{3} .*"));
      // Each loss is reported once, then each attempt by its number, and its reason once.
      assertThat(events).filteredOn(e -> e.contains("trying to connect again")).hasSize(2);
      assertThat(events).filteredOn(e -> e.endsWith("still trying, attempt 1")).hasSize(2);
      assertThat(events).filteredOn(e -> e.endsWith("still trying, attempt 3")).hasSize(1);
      assertThat(events)
          .filteredOn(e -> e.contains("Connection refused"))
          .hasSizeLessThanOrEqualTo(2);
      assertThat(events).filteredOn(e -> e.contains("CLOSED")).hasSize(1);
    }
  }

  @Tag("soak")
  @Test
  void aPauseIsToldAndSurvivedWithoutAnEvent() throws IOException {
    List<RunningProgram> pair = startPair();
    server.pause();
    for (RunningProgram program : pair) {
      program.waitForStderr(" no answer " + server.url());
    }
    server.resume();
    for (RunningProgram program : pair) {
      program.waitForStderr(" answer " + server.url() + ": after ");
    }
    endsWithNothingMissing();
    for (RunningProgram program : pair) {
      assertThat(program.stderrLines()).noneMatch(line -> line.contains("RECONNECTED"));
    }
  }

  @Tag("soak")
  @Test
  void anAckThatComesByItselfIsAnAnswerToo() throws IOException {
    publisher = publisher(server, "-i", "3s").start();
    publisher.waitForStdout("Ack: ");
    server.pause();
    publisher.waitForStderr(" no answer " + server.url() + ": without ack: 1");
    server.resume();
    publisher.waitForStderr(" answer " + server.url() + ": after ");
    publisher.sigint();
    assertThat(publisher.waitForExit()).isEqualTo(130);
    assertThat(Pair.summary(publisher))
        .isEqualTo("INFO Published " + publisher.stdoutLines().size() + " messages");
  }

  @Tag("soak")
  @Test
  void fastDetectNoticesADeadServerWithinTenSeconds() throws IOException {
    List<RunningProgram> pair = startPair("--fast-detect");
    server.pause();
    long paused = System.nanoTime();
    for (RunningProgram program : pair) {
      program.waitForStderr("DISCONNECTED " + server.url() + ": trying to connect again");
    }
    assertThat(Duration.ofNanos(System.nanoTime() - paused)).isLessThan(Duration.ofSeconds(10));
    server.resume();
    for (RunningProgram program : pair) {
      program.waitForStderr("RECONNECTED " + server.url());
    }
    endsWithNothingMissing();
  }

  @Tag("soak")
  @Test
  void aLameDuckSaysGoodBye() throws IOException {
    List<RunningProgram> pair = startPair();
    server.lameDuck();
    for (RunningProgram program : pair) {
      program.waitForStderr("LAME_DUCK " + server.url() + ": the server is about to shut down");
      program.waitForStderr("DISCONNECTED " + server.url() + ": trying to connect again");
    }
    server.kill();
    server.start();
    endsWithNothingMissing();
  }

  @Tag("soak")
  @Test
  void aReloadDisturbsNobody() throws IOException {
    List<RunningProgram> pair = startPair();
    server.reload(configuration("reloaded", "max_payload: 2MB"));
    goesOn();
    endsWithNothingMissing();
    for (RunningProgram program : pair) {
      assertThat(program.stderrLines()).noneMatch(line -> line.contains(": trying to connect"));
    }
  }

  @Test
  void aReloadThatLocksUsOutEndsBothWithTheReason() throws IOException {
    List<RunningProgram> pair = startPair();
    server.reload(configuration("locked", "authorization { token: other }"));
    long locked = System.nanoTime();
    for (RunningProgram program : pair) {
      assertThat(program.waitForExit()).isEqualTo(4);
      program.waitForStderr("ERROR The connection has ended for good: Authorization Violation");
    }
    assertThat(Duration.ofNanos(System.nanoTime() - locked)).isLessThan(Duration.ofSeconds(5));
  }

  @Tag("soak")
  @Test
  void nothingIsStoredTwiceAlsoWhenTheServerHasForgottenTheIds() throws Exception {
    try (Connection connection = Pair.connect(server)) {
      connection
          .jetStreamManagement()
          .addStream(
              StreamConfiguration.builder()
                  .name("sample_stream")
                  .subjects("foo")
                  .duplicateWindow(Duration.ofMillis(100))
                  .build());
    }
    RunningProgram publisher = publisher(server, "-n", 30_000, "-i", "100us", "-q").start();
    for (int kill = 1; kill <= 2; kill++) {
      long wanted = 10_000L * kill;
      Awaitility.await().until(() -> StoredNumbers.count(server, "sample_stream") > wanted);
      server.kill();
      // Longer than the ids are remembered.
      await(publisher, kill, "still trying, attempt 2");
      server.start();
      await(publisher, kill, "RESUBSCRIBED " + server.url());
    }
    assertThat(publisher.waitForExit(Duration.ofSeconds(60))).isZero();
    assertThat(Pair.summary(publisher)).isEqualTo("INFO Published 30000 messages");
    assertThat(StoredNumbers.in(server, "sample_stream")).hasSize(30_000).doesNotHaveDuplicates();
  }

  private static void await(RunningProgram program, int times, String event) {
    int[] seen = {0};
    program.waitForStderr(line -> line.endsWith(event) && ++seen[0] == times);
  }
}
