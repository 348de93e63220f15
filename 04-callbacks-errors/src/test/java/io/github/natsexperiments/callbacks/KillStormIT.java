package io.github.natsexperiments.callbacks;

import static io.github.natsexperiments.callbacks.Pair.publisher;
import static io.github.natsexperiments.callbacks.Pair.subscriber;
import static io.github.natsexperiments.callbacks.Pair.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** kill -9, again and again, at random moments: nothing lost, no work done twice. */
@Tag("long")
class KillStormIT {
  private static final Duration LONG = Duration.ofMinutes(4);

  @RegisterExtension final TestServer server = TestServer.profile("open");

  private final Random random = new Random();

  @Test
  void twentyKillsOfTheServer() throws Exception {
    int count = 200_000;
    int kills = 20;
    RunningProgram subscriber =
        subscriber(server, "-n", count, "-t", "60s", "--ack-wait", "5s").start();
    // Not faster than the subscriber, or it would have finished after the third kill.
    RunningProgram publisher = publisher(server, "-n", count, "-i", "200us", "-q").start();
    for (int kill = 0; kill < kills; kill++) {
      // A random message of the next few thousand: while many are under way.
      long at = count * (long) kill / (kills + 1) + random.nextInt(count / kills);
      awaitLines(subscriber, at);
      server.kill();
      server.start();
    }
    assertThat(publisher.waitForExit(LONG)).isZero();
    assertThat(subscriber.waitForExit(LONG)).isZero();

    assertThat(Pair.summary(publisher)).isEqualTo("INFO Published 200000 messages");
    assertThat(Pair.summary(subscriber))
        .isEqualTo("INFO Received 200000 messages, missing 0, duplicated 0");
    // The same, counted here: the work for each message was done, and done once.
    assertThat(subscriber.stdoutLines().stream().mapToLong(Pair::number).sorted())
        .containsExactlyElementsOf(LongStream.range(0, count).boxed().toList());
    assertThat(StoredNumbers.in(server, "sample_stream")).hasSize(count).doesNotHaveDuplicates();
  }

  @Test
  void twentyKillsOfTheSubscriber() throws Exception {
    int count = 20_000;
    int kills = 20;
    assertThat(publisher(server, "-n", count, "-i", 0, "-q").start().waitForExit(LONG)).isZero();
    List<RunningProgram> runs = new ArrayList<>();
    for (int kill = 0; kill < kills; kill++) {
      RunningProgram run = subscriber(server, "--ack-wait", "1s").start();
      runs.add(run);
      awaitLines(run, 1 + random.nextInt(count / kills));
      run.kill();
      run.waitForExit();
    }
    RunningProgram last = subscriber(server, "--ack-wait", "1s", "-t", "4s").start();
    runs.add(last);
    assertThat(last.waitForExit(LONG)).isEqualTo(5);

    Map<Long, Integer> runOf = new HashMap<>();
    int doubled = 0;
    for (int i = 0; i < runs.size(); i++) {
      for (String line : runs.get(i).stdoutLines()) {
        long number = Pair.number(line);
        if (runOf.put(number, i) != null) {
          doubled++;
          // Recognised: this run said that the message had been delivered before.
          runs.get(i).waitForStderr("redelivered " + server.url() + ": sequence " + (number + 1));
        }
      }
    }
    assertThat(runOf).hasSize(count);
    assertThat(doubled).isLessThanOrEqualTo(kills);
    assertThat(Pair.consumer(server).getNumAckPending()).isZero();
  }

  @Test
  void fiveKillsOfThePublisher() throws Exception {
    int count = 20_000;
    Object[] command = {"-n", count, "-i", "50us", "--resume"};
    for (int kill = 0; kill < 5; kill++) {
      RunningProgram run = publisher(server, command).start();
      awaitLines(run, 1 + random.nextInt(count / 5));
      run.kill();
      run.waitForExit();
    }
    RunningProgram last = publisher(server, command).start();
    assertThat(last.waitForExit(LONG)).isZero();
    assertThat(last.stderrLines()).anyMatch(line -> line.contains("Going on with run "));

    assertThat(StoredNumbers.in(server, "sample_stream"))
        .hasSize(count)
        .containsExactlyInAnyOrderElementsOf(LongStream.range(0, count).boxed().toList());
    // A message that is stored is not stored again, also when nobody remembers its id any more.
    RunningProgram again = publisher(server, command).start();
    assertThat(again.waitForExit()).isZero();
    assertThat(Pair.summary(again)).isEqualTo("INFO Published 0 messages");
  }

  @Test
  void aRealPauseOf35Seconds() throws Exception {
    RunningProgram subscriber = waiting(subscriber(server));
    RunningProgram publisher = publisher(server, "-i", "20ms").start();
    subscriber.waitForStdout("Hello #20 ");
    server.pause();
    long paused = System.nanoTime();
    for (RunningProgram program : List.of(publisher, subscriber)) {
      program.waitForStderr("no answer");
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> System.nanoTime() - paused > Duration.ofSeconds(35).toNanos());
    server.resume();
    for (RunningProgram program : List.of(publisher, subscriber)) {
      program.waitForStderr(line -> line.matches(".* answer .*: after [23]\\d{4} ms.*"));
      // With pings every 20 s, of which six may stay unanswered, nothing else has happened.
      assertThat(program.stderrLines()).noneMatch(line -> line.contains("DISCONNECTED"));
    }
    int acked = publisher.stdoutLines().size();
    subscriber.waitForStdout("Hello #" + (acked + 50) + " ");
    publisher.sigint();
    assertThat(publisher.waitForExit()).isEqualTo(130);
    subscriber.waitForStdout("Hello #" + (publisher.stdoutLines().size() - 1) + " ");
    subscriber.sigint();
    assertThat(subscriber.waitForExit()).isEqualTo(130);
    assertThat(Pair.summary(subscriber)).endsWith(", missing 0, duplicated 0");
  }

  private static void awaitLines(RunningProgram program, long lines) {
    long[] seen = {0};
    program.waitForStdout(line -> ++seen[0] >= lines);
  }
}
