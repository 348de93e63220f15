package io.github.natsexperiments.basic;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the pair costs, and says, while the server is away or slow. */
@Tag("soak")
class BasicOutageIT {
  @RegisterExtension final TestServer server = TestServer.profile("open");

  private static Duration cpu(RunningProgram program) {
    return ProcessHandle.of(program.pid()).orElseThrow().info().totalCpuDuration().orElseThrow();
  }

  private static void untilTheBufferIsFull(RunningProgram publisher) throws InterruptedException {
    for (Duration last = Duration.ZERO, now = cpu(publisher);
        now.minus(last).compareTo(Duration.ofMillis(100)) > 0; ) {
      new java.util.concurrent.CountDownLatch(1).await(1, java.util.concurrent.TimeUnit.SECONDS);
      last = now;
      now = cpu(publisher);
    }
  }

  /** Uses the processor for less than a twentieth of the time. */
  private static void rests(RunningProgram program) throws InterruptedException {
    Duration before = cpu(program);
    Duration time = Duration.ofSeconds(6);
    assertThat(ProcessHandle.of(program.pid()).orElseThrow().isAlive()).isTrue();
    new java.util.concurrent.CountDownLatch(1)
        .await(time.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
    assertThat(cpu(program).minus(before)).isLessThan(time.dividedBy(20));
  }

  /**
   * Two ways to be full: 5,000 messages, where jnats waits 2 s by itself; 8 MB, where it throws at
   * once.
   */
  @ParameterizedTest
  @ValueSource(ints = {64, 2000, 500_000})
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aPublisherDoesNotSpinWhileTheServerIsAway(int size) throws Exception {
    RunningProgram publisher = publisher(server, "-i", 0, "-q", "--size", size).start();
    publisher.waitForStderr("Connected");
    server.kill();
    publisher.waitForStderr("Disconnected");
    untilTheBufferIsFull(publisher);

    rests(publisher);

    server.start();
    RunningProgram subscriber = waiting(subscriber(server, "-n", 50, "-q", "-t", "15s"));
    subscriber.waitForStderr("Received 50 ");
    publisher.sigint();
    assertThat(publisher.waitForExit()).isEqualTo(130);
  }

  /** Whatever it waits for when it is stopped, it reports what the server may not have. */
  @ParameterizedTest
  @CsvSource({"64, kill", "2000, kill", "500000, kill", "2000, pause"})
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aStoppedPublisherReportsWhatIsNotConfirmed(int size, String fault) throws Exception {
    RunningProgram publisher = publisher(server, "-i", 0, "-q", "--size", size).start();
    publisher.waitForStderr("Connected");
    if (fault.equals("kill")) {
      server.kill();
      publisher.waitForStderr("Disconnected");
    } else {
      server.pause();
    }
    untilTheBufferIsFull(publisher);

    Duration before = publisher.elapsed();
    publisher.sigint();
    assertThat(publisher.waitForExit()).isEqualTo(130);
    assertThat(publisher.elapsed().minus(before)).isLessThan(Duration.ofSeconds(9));
    assertThat(publisher.stderrLines())
        .last()
        .asString()
        .matches("ERROR (Not sent: |The server has not confirmed the last messages).*");
  }

  @ParameterizedTest
  @ValueSource(ints = {100_000, 1_000_000})
  void largeMessagesFitIntoASmallHeap(int size) {
    RunningProgram subscriber =
        waiting(
            subscriber(server, "-q", "-n", 2000, "-t", "10s")
                .jvmArgs("-XX:+UseSerialGC", "-Xmx64m"));
    RunningProgram publisher =
        publisher(server, "-n", 2000, "-i", 0, "-q", "--size", size)
            .jvmArgs("-XX:+UseSerialGC", "-Xmx64m")
            .start();
    assertThat(publisher.waitForExit(Duration.ofSeconds(60))).isZero();
    publisher.waitForStderr("Published 2000 messages, " + 2000L * size + " bytes");
    subscriber.waitForExit(Duration.ofSeconds(60)); // a slow one drops messages, and counts them
    for (RunningProgram program : List.of(publisher, subscriber)) {
      assertThat(program.stderrLines()).noneMatch(line -> line.contains("OutOfMemory"));
    }
  }

  @Test
  void largeLinesFitIntoASmallHeap() {
    String lines = ("x".repeat(500_000) + "\n").repeat(200);
    RunningProgram publisher =
        publisher(server, "--stdin", "-q")
            .jvmArgs("-XX:+UseSerialGC", "-Xmx64m")
            .stdin(lines)
            .start();
    assertThat(publisher.waitForExit()).isZero();
    publisher.waitForStderr("Published 200 messages");
  }

  /** The JVM may halt as soon as the last shutdown hook has ended: not before the last line. */
  @RepeatedTest(2)
  void theLastLineIsNeverLost() throws IOException {
    List<RunningProgram> publishers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      publishers.add(publisher(server, "-i", "50ms").start());
    }
    publishers.forEach(publisher -> publisher.waitForStdout("Hello #1 "));
    server.kill();
    for (RunningProgram publisher : publishers) {
      publisher.waitForStderr("Disconnected");
      publisher.sigterm();
    }
    for (RunningProgram publisher : publishers) {
      assertThat(publisher.waitForExit()).isEqualTo(143);
      assertThat(publisher.stderrLines())
          .last()
          .asString()
          .startsWith("ERROR The server has not confirmed the last messages");
    }
  }

  @Test
  void waitsForAServerThatIsNotThereYet() throws IOException {
    server.stop();
    RunningProgram subscriber = subscriber(server, "--wait", "30s", "-n", 1).start();
    RunningProgram publisher = publisher(server, "--wait", "30s", "-i", "100ms").start();
    for (RunningProgram program : List.of(publisher, subscriber)) {
      assertThat(program.waitForStderr("WARN Cannot reach " + server.url() + " yet"))
          .contains("connection refused");
    }
    server.start();
    assertThat(subscriber.waitForExit()).isZero();
    publisher.sigint();
    assertThat(publisher.waitForExit()).isEqualTo(130);
  }

  @Test
  void waitingHasAnEnd() {
    String url = "nats://localhost:" + Ports.closed();
    RunningProgram publisher = Program.jar("publisher").args("-s", url, "--wait", "1s").start();
    assertThat(publisher.waitForExit()).isEqualTo(3);
    assertThat(publisher.elapsed()).isGreaterThan(Duration.ofSeconds(1));
    assertThat(publisher.stderrLines()).last().asString().startsWith("ERROR Cannot reach " + url);
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void ctrlCWhileItWaitsForTheServer(String signal) {
    String url = "nats://localhost:" + Ports.closed();
    RunningProgram publisher = Program.jar("publisher").args("-s", url, "--wait", "1h").start();
    publisher.waitForStderr("Cannot reach");
    Duration before = publisher.elapsed();
    publisher.signal(signal);
    assertThat(publisher.waitForExit()).isEqualTo(signal.equals("INT") ? 130 : 143);
    assertThat(publisher.elapsed().minus(before)).isLessThan(Duration.ofSeconds(9));
    assertThat(publisher.stderrLines()).hasSize(1);
  }
}
