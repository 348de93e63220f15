package io.github.natsexperiments.jetstream;

import static io.github.natsexperiments.testkit.Pair.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestCluster;
import java.time.Duration;
import java.util.HashSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three servers, three copies, 50,000 messages, and the server that leads the stream dies. */
@Tag("soak")
class JetStreamClusterIT {
  private static final int MESSAGES = 50_000;
  private static final int WINDOW = 1000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** jnats alone would notice after 44 to 88 s that its request for messages is lost. */
  private static final Duration RETURN = Duration.ofSeconds(15);

  @Test
  void nothingIsMissingOrDoubledWhenTheLeaderDies() throws Exception {
    try (TestCluster cluster = TestCluster.start()) {
      RunningProgram subscriber = cluster.program("subscriber", "--ack-wait", "5s").start();
      subscriber.waitForStderr("Waiting for stream");
      RunningProgram publisher =
          cluster
              .program(
                  "publisher",
                  "--replicas",
                  3,
                  "--async",
                  "-n",
                  MESSAGES,
                  // Not faster than the subscriber, or it would have finished before the kill.
                  "-i",
                  "100us")
              .start();
      subscriber.waitForStdout("Ack: ");
      publisher.waitForStdoutLines(MESSAGES / 3, PATIENCE);
      cluster.killLeader("sample_stream");
      int acks = publisher.stdoutLines().size();
      int received = numbers(subscriber).size();

      // A window of acks may have been on its way; any more are of the new leader.
      publisher.waitForStdoutLines(acks + WINDOW + 1, TestCluster.ELECTION);
      // Two lines for each message.
      subscriber.waitForStdoutLines(2 * (received + WINDOW) + 1, RETURN);
      assertThat(publisher.waitForExit(PATIENCE)).isZero();
      publisher.waitForStderr("Published " + MESSAGES + " messages");

      // At least once: what the dead leader had delivered comes again after the ack wait.
      var numbers = new HashSet<String>();
      subscriber.waitForStdout(
          line ->
              line.endsWith(" from NATS publisher")
                  && numbers.add(line.replaceAll(".*Hello #(\\d+) .*", "$1"))
                  && numbers.size() == MESSAGES,
          PATIENCE);
      subscriber.sigint();
      assertThat(subscriber.waitForExit()).isEqualTo(130);
      assertThat(subscriber.waitForStderr("Received ")).contains(", missing 0, ");

      RunningProgram all =
          cluster.program("subscriber", "--ordered", "-q", "-n", MESSAGES, "-t", "20s").start();
      assertThat(all.waitForExit(PATIENCE)).isZero();
      assertThat(all.waitForStderr("Received " + MESSAGES)).endsWith(", missing 0, duplicated 0");
    }
  }
}
