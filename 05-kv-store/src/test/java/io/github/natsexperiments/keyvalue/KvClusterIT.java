package io.github.natsexperiments.keyvalue;

import static io.github.natsexperiments.keyvalue.Entries.entries;
import static io.github.natsexperiments.testkit.Pair.connect;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.keyvalue.Entries.Entry;
import io.github.natsexperiments.server.NativeCluster;
import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.nats.client.Connection;
import io.nats.client.api.StreamInfo;
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

  /** Servers elect a new leader after 4 to 9 s of silence; an election or two may fail. */
  private static final Duration ELECTION = Duration.ofSeconds(27);

  @Test
  void nothingIsMissingNothingComesTwiceWhenTheLeaderDies() throws Exception {
    try (NativeCluster cluster = NativeCluster.start(0)) {
      RunningProgram subscriber =
          program(cluster, "subscriber", "--key", ">", "--follow", "-n", PUTS, "-t", "60s").start();
      subscriber.waitForStderr("Waiting for bucket");
      RunningProgram publisher =
          program(cluster, "publisher", "-n", PUTS, "-i", "100us", "--async", "-m", "{n}")
              .args("--replicas", 3, "--history", HISTORY, "--keys", keys())
              .start();
      subscriber.waitForStdout("PUT ");
      NativeServer leader = leader(cluster);
      publisher.waitForStdoutLines(PUTS / 3, PATIENCE);
      leader.kill();
      int acks = publisher.stdoutLines().size();
      int watched = subscriber.stdoutLines().size();

      // A window of answers may have been on its way; any more are of the new leader.
      publisher.waitForStdoutLines(acks + WINDOW + 1, ELECTION);
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

  private static Program program(NativeCluster cluster, String jar, Object... args) {
    return Program.jar(jar).args("--server", cluster.urls()).args(args);
  }

  private static String keys() {
    return IntStream.range(0, KEYS).mapToObj(n -> "k" + n).collect(Collectors.joining(","));
  }

  private static NativeServer leader(NativeCluster cluster) throws Exception {
    try (Connection connection = connect(cluster.nodes().get(0))) {
      // A bucket is a stream.
      StreamInfo stream = connection.jetStreamManagement().getStreamInfo("KV_sample_kv");
      assertThat(stream.getConfiguration().getReplicas()).isEqualTo(3);
      String name = stream.getClusterInfo().getLeader(); // n1, n2 or n3
      return cluster.nodes().get(Integer.parseInt(name.substring(1)) - 1);
    }
  }
}
