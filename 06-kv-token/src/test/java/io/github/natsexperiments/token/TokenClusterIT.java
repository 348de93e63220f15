package io.github.natsexperiments.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestCluster;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import io.nats.client.api.StreamInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Three servers that want a token, three copies, 50,000 writes, and the server that leads the
 * bucket dies: four publishers put, two add to one number.
 */
@Tag("soak")
class TokenClusterIT {
  private static final int WRITES = 50_000;
  private static final int ADDERS = 2;
  private static final int INCREMENTS = 500;
  private static final int PUTTERS = 4;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private static final Login LOGIN = Login.issue();

  @Test
  void noWriteIsLostOrDoubledWhenTheLeaderDies() throws Exception {
    String login = "\nauthorization { token: \"%s\" }\n".formatted(LOGIN.hash());
    try (TestCluster cluster = TestCluster.start(login, LOGIN::options)) {
      RunningProgram subscriber = program(cluster, "subscriber", "--key", ">", "--follow").start();
      subscriber.waitForStderr("Waiting for bucket");
      List<RunningProgram> adders = startAdders(cluster);
      int sum = adders.size() * INCREMENTS;
      int puts = (WRITES - sum) / PUTTERS;
      List<RunningProgram> putters = new ArrayList<>();
      for (int i = 0; i < PUTTERS; i++) {
        putters.add(
            program(cluster, "publisher", "--replicas", 3, "--key", "key" + i)
                .args("-n", puts, "-i", 0, "-m", "{n}")
                .start());
        putters.get(0).waitForStdout("Ack: "); // one is enough to create the bucket
      }
      putters.get(0).waitForStdoutLines(puts / 3, PATIENCE);
      cluster.killLeader("KV_sample_kv");
      List<Integer> acks = putters.stream().map(TokenClusterIT::lines).toList();
      int watched = lines(subscriber);

      // One answer may have been on its way; any more are of the new leader.
      for (int i = 0; i < PUTTERS; i++) {
        putters.get(i).waitForStdoutLines(Math.min(acks.get(i) + 2, puts), TestCluster.ELECTION);
      }
      subscriber.waitForStdoutLines(watched + 100, PATIENCE);
      for (RunningProgram putter : putters) {
        assertThat(putter.waitForExit(PATIENCE)).isZero();
        putter.waitForStderr("Put " + puts + " messages");
      }
      for (RunningProgram adder : adders) {
        assertThat(adder.waitForExit(PATIENCE)).isZero();
        adder.waitForStderr("Added " + INCREMENTS + " messages");
      }
      subscriber.waitForStdout("): " + (puts - 1));

      try (Connection connection = cluster.connect()) {
        // Each write has a revision of its own, and there are no others.
        assertThat(stream(connection).getStreamState().getLastSequence()).isEqualTo(WRITES);
        // Any server with a copy may answer this, also one that is a moment behind.
        KeyValue bucket = connection.keyValue("sample_kv");
        await()
            .untilAsserted(
                () -> {
                  for (int i = 0; i < PUTTERS; i++) {
                    assertThat(bucket.get("key" + i).getValueAsLong()).isEqualTo(puts - 1);
                  }
                  if (sum > 0) {
                    assertThat(bucket.get("counter").getValueAsLong()).isEqualTo(sum);
                  }
                });
      }
    }
  }

  /** None where the servers are too old for it: the program says so. */
  private static List<RunningProgram> startAdders(TestCluster cluster) throws Exception {
    List<RunningProgram> adders = new ArrayList<>();
    Program adder =
        program(cluster, "publisher", "--replicas", 3, "--key", "counter", "--increment")
            .args("-n", INCREMENTS, "-i", "10ms");
    try (Connection connection = cluster.connect()) {
      if (!connection.getServerInfo().isSameOrNewerThanVersion("2.9.21")) {
        RunningProgram refused = adder.start();
        assertThat(refused.waitForExit()).isEqualTo(1);
        refused.waitForStderr("--increment with several replicas needs nats-server 2.9.21");
        return adders;
      }
    }
    for (int i = 0; i < ADDERS; i++) {
      adders.add(adder.start());
      adders.get(0).waitForStdout("Ack: "); // the bucket is there, with its history
    }
    return adders;
  }

  private static Program program(TestCluster cluster, String jar, Object... args) {
    return cluster.program(jar, args).env("NATS_TOKEN", LOGIN.token());
  }

  /** A bucket is a stream. */
  private static StreamInfo stream(Connection connection) throws Exception {
    return connection.jetStreamManagement().getStreamInfo("KV_sample_kv");
  }

  private static int lines(RunningProgram program) {
    return program.stdoutLines().size();
  }
}
