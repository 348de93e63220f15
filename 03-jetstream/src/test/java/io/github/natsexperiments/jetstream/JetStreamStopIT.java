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

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that are stopped, and servers that are killed, paused, restarted: nothing is lost. */
class JetStreamStopIT {
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  @RegisterExtension final TestServer server = TestServer.profile("open");

  private static void stop(RunningProgram program, String signal, int exitCode) {
    program.signal(signal);
    assertThat(program.waitForExit()).isEqualTo(exitCode);
  }

  @Tag("soak")
  @ParameterizedTest
  @CsvSource({"INT, 130, --subject=foo", "TERM, 143, --async"})
  void aStoppedPublisherHasAnAckForEverythingItSent(String signal, int exitCode, String mode)
      throws Exception {
    RunningProgram publisher = publisher(server, "-i", 0, mode).start();
    publisher.waitForStdout("sequence = \"2000\"");

    stop(publisher, signal, exitCode);

    assertThat(publisher.stderrLines()).noneMatch(line -> line.contains("no ack"));
    try (JetStreamView view = new JetStreamView(server)) {
      assertThat(view.messages()).isEqualTo(counted(publisher, "Published"));
    }
    assertThat(acks(publisher)).hasSize(counted(publisher, "Published"));
  }

  @Tag("soak")
  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void aStoppedSubscriberLeavesNothingUnacknowledged(String signal, int exitCode) throws Exception {
    RunningProgram publisher = publisher(server, "-n", 50_000, "-i", 0, "--async", "-q").start();
    RunningProgram subscriber = waiting(subscriber(server));
    subscriber.waitForStdout("Hello #3000 ");

    stop(subscriber, signal, exitCode);

    int received = numbers(subscriber).size();
    assertThat(received).isEqualTo(counted(subscriber, "Received"));
    assertThat(acks(subscriber)).hasSize(received);
    assertThat(publisher.waitForExit()).isZero();
    try (JetStreamView view = new JetStreamView(server)) {
      assertThat(view.consumer().getNumAckPending()).isZero();
      assertThat(view.consumer().getNumPending()).isEqualTo(50_000 - received);
    }
  }

  @Tag("soak")
  @Test
  void aClosedPipeAcknowledgesNothingThatNobodyRead() throws Exception {
    assertThat(publisher(server, "-n", 20, "-i", 0).start().waitForExit()).isZero();
    // The work gives head the time to leave.
    RunningProgram shell =
        Program.command(
                "sh", "-c", "'" + JAVA + "' -jar target/subscriber.jar --work 300ms | head -n 2")
            .env("NATS_URL", server.url())
            .start();
    assertThat(shell.waitForExit()).isZero();
    RunningProgram next = subscriber(server, "--ack-wait", "1s", "-t", "3s").start();
    assertThat(next.waitForExit()).isEqualTo(5);
    assertThat(numbers(next)).containsAll(range(2, 20));
  }

  /** Ctrl-C for both ends of a pipe, and a full disk. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ':',
      value = {
        "> /dev/full : 1",
        "| { read pid; read line; kill -INT $pid; head -n 100; } : 0",
      })
  void whatCouldNotBePrintedIsNotAcknowledged(String output, int exitCode) throws Exception {
    assertThat(publisher(server, "-n", 500, "-i", 0, "--async").start().waitForExit()).isZero();
    String java = "exec '" + JAVA + "' -jar target/subscriber.jar --work 2ms";
    String echo = exitCode == 0 ? "echo $$; " : "";
    RunningProgram shell =
        Program.command("sh", "-c", "sh -c \"$0\" " + output, echo + java)
            .env("NATS_URL", server.url())
            .start();
    assertThat(shell.waitForExit()).isEqualTo(exitCode);
    try (JetStreamView view = new JetStreamView(server)) {
      await().until(() -> view.consumer().getNumWaiting() == 0); // the subscriber has ended
      assertThat(view.consumer().getAckFloor().getStreamSequence()).isLessThan(200);
    }
  }

  @Tag("soak")
  @Test
  void ctrlCDoesNotWaitForAServerThatIsGone() throws IOException {
    RunningProgram subscriber = subscriber(server).start();
    RunningProgram publisher = publisher(server, "-i", "100ms").start();
    RunningProgram async =
        publisher(server, "-i", "100ms", "--async", "--stream=two", "--subject=two").start();
    subscriber.waitForStdout("Hello #1 ");
    async.waitForStdout("sequence = \"2\"");
    server.kill();
    for (RunningProgram program : List.of(publisher, async, subscriber)) {
      program.waitForStderr("Disconnected");
      Duration before = program.elapsed();
      stop(program, "INT", 130);
      assertThat(program.elapsed().minus(before)).isLessThan(Duration.ofSeconds(5));
    }
  }

  @Tag("soak")
  @Test
  void theServerGoesDownInTheMiddleOfADrain() throws IOException {
    RunningProgram publisher = publisher(server, "-i", 0, "-q", "--async").start();
    RunningProgram subscriber = subscriber(server).start();
    subscriber.waitForStdout("Hello #1000 ");
    subscriber.signal("INT");
    server.kill();
    assertThat(subscriber.waitForExit()).isEqualTo(130);
    assertThat(subscriber.stderrLines()).noneMatch(line -> line.contains("Exception"));
    stop(publisher, "INT", 130);
  }

  /** The best of three counts: the rest is the machine's business. */
  @ParameterizedTest
  @ValueSource(strings = {"--durable=d", "--ordered"})
  void backWithinTwoSecondsOfTheServer(String kind) throws IOException {
    RunningProgram publisher = publisher(server, "-i", "20ms", "--async").start();
    RunningProgram subscriber = waiting(subscriber(server, kind));
    Duration best = Duration.ofDays(1);
    for (int i = 0; i < 3 && best.compareTo(Duration.ofSeconds(2)) > 0; i++) {
      subscriber.waitForStdout("Hello #" + (acks(publisher).size() + 2) + " ");
      server.kill();
      subscriber.waitForStderr("Disconnected");
      publisher.waitForStderr("Disconnected");
      int before = numbers(subscriber).size();
      server.start();
      long up = System.nanoTime();
      await()
          .pollInterval(Duration.ofMillis(20))
          .atMost(Duration.ofSeconds(30))
          .until(() -> numbers(subscriber).size() > before);
      Duration back = Duration.ofNanos(System.nanoTime() - up);
      best = back.compareTo(best) < 0 ? back : best;
    }
    assertThat(best).isLessThan(Duration.ofSeconds(2));
    stop(publisher, "INT", 130);
    subscriber.waitForStdout("Hello #" + (counted(publisher, "Published") - 1) + " ");
    stop(subscriber, "INT", 130);
  }

  @Tag("soak")
  @Test
  void whatHasArrivedIsHandledWhenTheServerIsRestarted() throws IOException {
    publisher(server, "-n", 600, "-i", 0, "-q", "--async").start().waitForExit();
    // 500 come at once and wait for their turn, for longer than the restart takes.
    RunningProgram subscriber = waiting(subscriber(server, "--work", "10ms"));
    subscriber.waitForStdout("Hello #20 ");
    server.restart();
    subscriber.waitForStderr("Connected again");
    subscriber.waitForStdout("Hello #599 ");
    assertThat(numbers(subscriber)).isEqualTo(upTo(600));
    stop(subscriber, "INT", 130);
    assertThat(subscriber.waitForStderr("Received 600 ")).endsWith("missing 0, duplicated 0");
  }

  /** A lame duck of 2.15 drops acks: its JetStream is off before its connections end. */
  @Tag("soak")
  @Test
  void whatWasHandledWithoutAConfirmedAckIsNotHandledAgain() throws IOException {
    publisher(server, "-n", 500, "-i", 0, "-q", "--async").start().waitForExit();
    RunningProgram subscriber =
        subscriber(server, "--ack-sync", "--ack-wait", "3s", "--work", "5ms", "-t", "8s").start();
    subscriber.waitForStdout("Ack: ");
    server.lameDuck();
    subscriber.waitForStdout("Hello #499 ");
    server.restart();
    subscriber.waitForStderr("Connected again");
    assertThat(subscriber.waitForExit()).isEqualTo(5);
    assertThat(subscriber.waitForStderr("Received 500 ")).endsWith("missing 0, duplicated 0");
    assertThat(subscriber.stderrLines())
        .filteredOn(line -> line.contains("Ack not confirmed"))
        .hasSizeLessThan(5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--subject=foo", "--async"})
  void nothingIsLostOrStoredTwiceWhenTheServerIsKilled(String mode) throws Exception {
    RunningProgram publisher = publisher(server, "-n", 3000, "-i", "1ms", mode).start();
    for (int sequence : new int[] {300, 900, 1500}) {
      publisher.waitForStdout("sequence = \"" + sequence + "\"");
      server.kill();
      publisher.waitForStderr("Disconnected");
      server.start();
    }
    assertThat(publisher.waitForExit(Duration.ofSeconds(60))).isZero();
    assertThat(acks(publisher)).hasSize(3000);
    RunningProgram subscriber = subscriber(server, "--ordered", "-n", 3000, "-t", "15s").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(numbers(subscriber)).containsExactlyInAnyOrderElementsOf(upTo(3000));
    try (JetStreamView view = new JetStreamView(server)) {
      assertThat(view.messages()).isEqualTo(3000);
    }
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {"--subject=foo", "--async"})
  void whatIsSentAgainIsRecognised(String mode) throws Exception {
    RunningProgram publisher = publisher(server, "-n", 300, "-i", "10ms", mode).start();
    publisher.waitForStdout("sequence = \"50\"");
    server.pause();
    publisher.waitForStderr("again");
    server.resume();
    assertThat(publisher.waitForExit(Duration.ofSeconds(60))).isZero();
    assertThat(acks(publisher)).hasSize(300);
    if (!mode.equals("--async")) { // in a window the first ack counts, though it is late
      assertThat(publisher.stdoutLines()).anyMatch(line -> line.endsWith(", duplicate = \"true\""));
    }
    RunningProgram subscriber = subscriber(server, "-n", 300, "-t", "15s").start();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(numbers(subscriber)).isEqualTo(upTo(300));
    try (JetStreamView view = new JetStreamView(server)) {
      assertThat(view.messages()).isEqualTo(300);
    }
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {"--subject=foo", "--async"})
  void memoryIsGoneAfterARestart(String mode) throws Exception {
    RunningProgram publisher = publisher(server, "-i", "20ms", "--storage", "memory", mode).start();
    RunningProgram subscriber = waiting(subscriber(server));
    subscriber.waitForStdout("Hello #20 ");
    server.restart();
    publisher.waitForStderr("Stream \"sample_stream\" is gone, with every message");
    subscriber.waitForStderr("Stream \"sample_stream\" is gone, with every message");
    int now = acks(publisher).size();
    subscriber.waitForStdout("Hello #" + (now + 5) + " ");
    stop(publisher, "INT", 130);
    stop(subscriber, "INT", 130);
    try (JetStreamView view = new JetStreamView(server)) {
      assertThat(view.messages()).isLessThan(counted(publisher, "Published"));
    }
  }
}
