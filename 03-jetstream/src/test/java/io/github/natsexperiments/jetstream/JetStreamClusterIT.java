package io.github.natsexperiments.jetstream;

import static io.github.natsexperiments.testkit.Pair.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.NativeCluster;
import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
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

  /** Servers elect a new leader after 4 to 9 s of silence; an election or two may fail. */
  private static final Duration ELECTION = Duration.ofSeconds(27);

  /** jnats alone would notice after 44 to 88 s that its request for messages is lost. */
  private static final Duration RETURN = Duration.ofSeconds(15);

  @Test
  void nothingIsMissingOrDoubledWhenTheLeaderDies() throws Exception {
    try (NativeCluster cluster = NativeCluster.start(0)) {
      RunningProgram subscriber = program(cluster, "subscriber", "--ack-wait", "5s").start();
      subscriber.waitForStderr("Waiting for stream");
      RunningProgram publisher =
          program(
                  cluster,
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
      NativeServer leader = leader(cluster);
      publisher.waitForStdoutLines(MESSAGES / 3, PATIENCE);
      leader.kill();
      int acks = publisher.stdoutLines().size();
      int received = numbers(subscriber).size();

      // A window of acks may have been on its way; any more are of the new leader.
      publisher.waitForStdoutLines(acks + WINDOW + 1, ELECTION);
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
          program(cluster, "subscriber", "--ordered", "-q", "-n", MESSAGES, "-t", "20s").start();
      assertThat(all.waitForExit(PATIENCE)).isZero();
      assertThat(all.waitForStderr("Received " + MESSAGES)).endsWith(", missing 0, duplicated 0");
    }
  }

  private static Program program(NativeCluster cluster, String jar, Object... args) {
    return Program.jar(jar).args("--server", cluster.urls()).args(args);
  }

  private static NativeServer leader(NativeCluster cluster) throws Exception {
    try (JetStreamView view = new JetStreamView(cluster.nodes().get(0))) {
      assertThat(view.stream().getConfiguration().getReplicas()).isEqualTo(3);
      String name = view.stream().getClusterInfo().getLeader(); // n1, n2 or n3
      return cluster.nodes().get(Integer.parseInt(name.substring(1)) - 1);
    }
  }
}
