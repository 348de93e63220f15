package io.github.natsexperiments.keyvalue;

import static io.github.natsexperiments.keyvalue.Entries.entries;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.keyvalue.Entries.Entry;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestCluster;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three servers, three copies, 50,000 puts, and the server that leads the bucket dies. */
@Tag("soak")
class KvClusterIT {
  private static final int PUTS = 50_000;
  private static final int HISTORY = 64;
  private static final int WINDOW = 1000;

  /**
   * No value is overwritten before it is watched, no key is twice in a window: see
   * IdempotentPublisher.inOrder.
   */
  private static final int KEYS = WINDOW;

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void nothingIsMissingNothingComesTwiceWhenTheLeaderDies() throws Exception {
    try (TestCluster cluster = TestCluster.start()) {
      RunningProgram subscriber =
          cluster.program("subscriber", "--key", ">", "--follow", "-n", PUTS, "-t", "60s").start();
      subscriber.waitForStderr("Waiting for bucket");
      RunningProgram publisher =
          cluster
              .program("publisher", "-n", PUTS, "-i", "100us", "--async", "-m", "{n}")
              .args("--replicas", 3, "--history", HISTORY, "--keys", keys())
              .start();
      subscriber.waitForStdout("PUT ");
      publisher.waitForStdoutLines(PUTS / 3, PATIENCE);
      cluster.killLeader("KV_sample_kv");
      int acks = publisher.stdoutLines().size();
      int watched = subscriber.stdoutLines().size();

      // A window of answers may have been on its way; any more are of the new leader.
      publisher.waitForStdoutLines(acks + WINDOW + 1, TestCluster.ELECTION);
      subscriber.waitForStdoutLines(watched + WINDOW + 1, PATIENCE);
      assertThat(publisher.waitForExit(PATIENCE)).isZero();
      assertThat(subscriber.waitForExit(PATIENCE)).isZero();

      List<Entry> entries = entries(subscriber);
      assertThat(entries.stream().map(Entry::revision))
          .isEqualTo(LongStream.rangeClosed(1, PUTS).boxed().toList());
      assertThat(entries.stream().map(entry -> Integer.parseInt(entry.value())).sorted())
          .isEqualTo(IntStream.range(0, PUTS).boxed().toList());
      Map<String, Integer> last = new HashMap<>();
      for (Entry entry : entries) {
        int value = Integer.parseInt(entry.value());
        assertThat(last.getOrDefault(entry.key(), -1)).isLessThan(value);
        last.put(entry.key(), value);
      }
    }
  }

  private static String keys() {
    return IntStream.range(0, KEYS).mapToObj(n -> "k" + n).collect(Collectors.joining(","));
  }
}
