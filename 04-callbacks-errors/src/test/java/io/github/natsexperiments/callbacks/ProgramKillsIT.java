package io.github.natsexperiments.callbacks;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** kill -9 of a program, again and again, at random moments: nothing lost, little done twice. */
@Tag("soak")
class ProgramKillsIT {
  private static final Duration LONG = Duration.ofMinutes(4);

  @RegisterExtension final TestServer server = TestServer.profile("open");

  private final Random random = new Random();

  @Test
  void twentyKillsOfTheSubscriber() throws Exception {
    int count = 20_000;
    int kills = 20;
    assertThat(publisher(server, "-n", count, "-i", 0, "-q").start().waitForExit(LONG)).isZero();
    List<RunningProgram> runs = new ArrayList<>();
    for (int kill = 0; kill < kills; kill++) {
      RunningProgram run = subscriber(server, "--ack-wait", "1s").start();
      runs.add(run);
      Pair.awaitLines(run, 1 + random.nextInt(count / kills));
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
    assertThat(Durable.consumer(server).getNumAckPending()).isZero();
  }

  @Test
  void fiveKillsOfThePublisher() throws Exception {
    int count = 20_000;
    Object[] command = {"-n", count, "-i", "50us", "--resume"};
    for (int kill = 0; kill < 5; kill++) {
      RunningProgram run = publisher(server, command).start();
      Pair.awaitLines(run, 1 + random.nextInt(count / 5));
      run.kill();
      run.waitForExit();
    }
    RunningProgram last = publisher(server, command).start();
    assertThat(last.waitForExit(LONG)).isZero();
    assertThat(last.stderrLines()).anyMatch(line -> line.contains("Going on with run "));

    assertThat(StoredNumbers.in(server, "sample_stream"))
        .hasSize(count)
        .containsExactlyInAnyOrderElementsOf(IntStream.range(0, count).boxed().toList());
    // A message that is stored is not stored again, also when nobody remembers its id any more.
    RunningProgram again = publisher(server, command).start();
    assertThat(again.waitForExit()).isZero();
    assertThat(Pair.summary(again)).isEqualTo("INFO Published 0 messages");
  }
}
