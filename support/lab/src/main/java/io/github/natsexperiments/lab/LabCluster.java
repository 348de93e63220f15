package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.server.NativeCluster;
import io.github.natsexperiments.server.NativeServer;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;

/** {@code ./lab server cluster}: three nats-servers in the foreground, for one of them to die. */
final class LabCluster {
  static final String PROFILE = "cluster";

  private static final Duration CHECK = Duration.ofMillis(100);

  private LabCluster() {}

  /**
   * Runs the nodes until Ctrl-C or until all have ended.
   *
   * @param port the client port of the first node, 0 for free ones
   * @return the exit code
   */
  static int run(int port) throws Failure, InterruptedException {
    try (Stop stop = Stop.onSignals();
        NativeCluster cluster =
            LabServer.start(
                () -> NativeCluster.startWithoutShutdownHook(port, Watchdog::watch), port, stop)) {
      if (cluster == null) {
        return ExitCode.DONE;
      }
      describe(cluster, Lab.stdout());
      if (Lab.stdout().checkError()) { // nobody can know where it is; Cli says why
        return ExitCode.DONE;
      }
      int alive = NativeCluster.SIZE;
      while (alive > 0) {
        if (stop.sleep(CHECK)) {
          return ExitCode.DONE;
        }
        int now = (int) cluster.nodes().stream().filter(NativeServer::isAlive).count();
        if (now < alive) {
          System.err.println(now + " of " + NativeCluster.SIZE + " nodes are left" + meaning(now));
          alive = now;
        }
      }
      throw new Failure(ExitCode.FAILED, "All nodes have ended; start the cluster again");
    }
  }

  private static String meaning(int alive) {
    return alive * 2 > NativeCluster.SIZE
        ? ", a majority: streams with 3 replicas go on"
        : ", no majority: JetStream waits";
  }

  private static void describe(NativeCluster cluster, PrintStream out) {
    List<NativeServer> nodes = cluster.nodes();
    String urls = cluster.urls();
    out.println(nodes.get(0).description() + ", profile " + PROFILE);
    out.println();
    for (int i = 0; i < nodes.size(); i++) {
      NativeServer node = nodes.get(i);
      out.println(
          "  n%d          %s, monitoring http://127.0.0.1:%d, process %d"
              .formatted(i + 1, node.url(), node.monitoringPort(), node.pid()));
    }
    out.println("  data        in temporary folders, gone when the cluster stops");
    out.println("  experiment  end one of the processes: kill -9 " + nodes.get(0).pid());
    out.println("  to stop     Ctrl-C");
    out.println();
    out.println("Next, in two other terminals (mvn package builds the jars):");
    out.println(
        "  java " + Call.shown("-jar", Lesson.JETSTREAM.jar("subscriber"), "--server", urls));
    out.println(
        "  java "
            + Call.shown(
                "-jar", Lesson.JETSTREAM.jar("publisher"), "--replicas", 3, "--server", urls));
  }
}
