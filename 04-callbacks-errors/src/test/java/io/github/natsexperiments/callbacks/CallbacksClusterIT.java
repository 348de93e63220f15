package io.github.natsexperiments.callbacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestCluster;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three servers, three copies, 50,000 messages, and the server that leads the stream dies. */
@Tag("soak")
class CallbacksClusterIT {
  private static final int MESSAGES = 50_000;
  private static final int WINDOW = 1000;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @Test
  void nothingIsMissingOrDoneTwiceWhenTheLeaderDies() throws Exception {
    try (TestCluster cluster = TestCluster.start()) {
      RunningProgram subscriber =
          cluster.program("subscriber", "-n", MESSAGES, "-t", "60s", "--ack-wait", "5s").start();
      subscriber.waitForStderr("Waiting for messages");
      RunningProgram publisher =
          cluster.program("publisher", "-n", MESSAGES, "-i", "100us", "--replicas", 3).start();
      subscriber.waitForStdout("Hello #0 ");
      publisher.waitForStdoutLines(MESSAGES / 3, PATIENCE);
      cluster.killLeader("sample_stream");
      int acks = publisher.stdoutLines().size();
      int received = subscriber.stdoutLines().size();

      // A window of acks may have been on its way; any more are of the new leader.
      publisher.waitForStdoutLines(acks + WINDOW + 1, TestCluster.ELECTION);
      subscriber.waitForStdoutLines(received + WINDOW + 1, PATIENCE);
      assertThat(publisher.waitForExit(PATIENCE)).isZero();
      assertThat(subscriber.waitForExit(PATIENCE)).isZero();

      assertThat(Pair.summary(publisher)).isEqualTo("INFO Published 50000 messages");
      assertThat(Pair.summary(subscriber))
          .isEqualTo("INFO Received 50000 messages, missing 0, duplicated 0");
      // nats-server 2.9 may give a new consumer to the dead server: then the next one is asked for.
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .untilAsserted(
              () ->
                  assertThat(StoredNumbers.in(cluster.alive(), "sample_stream"))
                      .hasSize(MESSAGES)
                      .doesNotHaveDuplicates());
    }
  }
}
