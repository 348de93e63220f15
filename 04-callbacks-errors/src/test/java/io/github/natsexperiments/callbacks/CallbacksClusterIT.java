package io.github.natsexperiments.callbacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.server.NativeCluster;
import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.nats.client.Connection;
import io.nats.client.api.StreamInfo;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three servers, three copies, 50,000 messages, and the server that leads the stream dies. */
@Tag("soak")
class CallbacksClusterIT {
  private static final int MESSAGES = 50_000;
  private static final int WINDOW = 1000;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Servers elect a new leader after 4 to 9 s of silence; an election or two may fail. */
  private static final Duration ELECTION = Duration.ofSeconds(27);

  @Test
  void nothingIsMissingOrDoneTwiceWhenTheLeaderDies() throws Exception {
    try (NativeCluster cluster = NativeCluster.start(0)) {
      RunningProgram subscriber =
          program(cluster, "subscriber", "-n", MESSAGES, "-t", "60s", "--ack-wait", "5s").start();
      subscriber.waitForStderr("Waiting for messages");
      RunningProgram publisher =
          program(cluster, "publisher", "-n", MESSAGES, "-i", "100us", "--replicas", 3).start();
      subscriber.waitForStdout("Hello #0 ");
      NativeServer leader = leader(cluster);
      publisher.waitForStdoutLines(MESSAGES / 3, PATIENCE);
      leader.kill();
      int acks = publisher.stdoutLines().size();
      int received = subscriber.stdoutLines().size();

      // A window of acks may have been on its way; any more are of the new leader.
      publisher.waitForStdoutLines(acks + WINDOW + 1, ELECTION);
      subscriber.waitForStdoutLines(received + WINDOW + 1, PATIENCE);
      assertThat(publisher.waitForExit(PATIENCE)).isZero();
      assertThat(subscriber.waitForExit(PATIENCE)).isZero();

      assertThat(Pair.summary(publisher)).isEqualTo("INFO Published 50000 messages");
      assertThat(Pair.summary(subscriber))
          .isEqualTo("INFO Received 50000 messages, missing 0, duplicated 0");
      NativeServer alive =
          cluster.nodes().stream().filter(NativeServer::isAlive).findFirst().orElseThrow();
      // nats-server 2.9 may give a new consumer to the dead server: then the next one is asked for.
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .untilAsserted(
              () ->
                  assertThat(StoredNumbers.in(alive, "sample_stream"))
                      .hasSize(MESSAGES)
                      .doesNotHaveDuplicates());
    }
  }

  private static Program program(NativeCluster cluster, String jar, Object... args) {
    return Program.jar(jar).args("--server", cluster.urls()).args(args);
  }

  private static NativeServer leader(NativeCluster cluster) throws Exception {
    try (Connection connection = Pair.connect(cluster.nodes().get(0))) {
      StreamInfo stream = connection.jetStreamManagement().getStreamInfo("sample_stream");
      assertThat(stream.getConfiguration().getReplicas()).isEqualTo(3);
      String name = stream.getClusterInfo().getLeader(); // n1, n2 or n3
      return cluster.nodes().get(Integer.parseInt(name.substring(1)) - 1);
    }
  }
}
