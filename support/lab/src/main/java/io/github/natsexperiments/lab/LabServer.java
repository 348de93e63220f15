package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.server.ServerConfig;
import java.net.BindException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Starts the nats-server of a command that ends it itself, after all who use it. */
final class LabServer {
  private static final Duration CHECK = Duration.ofMillis(20);

  private LabServer() {}

  /**
   * The configuration of a profile of one server: one of those in {@code servers/}, or of a {@link
   * Kit}.
   *
   * @throws IllegalArgumentException when there is no such profile; the message lists those there
   *     are
   */
  static ServerConfig config(String profile, boolean tls) throws Failure, InterruptedException {
    Kit kit = Kit.of(profile);
    if (kit != null) {
      return kit.serverConfig(tls);
    }
    try {
      return ServerConfig.profile(profile);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          e.getMessage() + ", " + Kit.CREDS.profile() + ", " + LabCluster.PROFILE, e);
    }
  }

  /**
   * Returns when the server is ready.
   *
   * @param port the client port, 0 for a free one
   * @param data a folder for its data; null for one that goes with the server
   * @return null when a signal came first
   */
  static NativeServer start(ServerConfig config, int port, Path data, Stop stop)
      throws Failure, InterruptedException {
    return start(
        () -> NativeServer.startWithoutShutdownHook(config, port, data, Watchdog::watch),
        port,
        stop);
  }

  /** The same with another way to start, for more than one server. */
  static <T> T start(Callable<T> way, int port, Stop stop) throws Failure, InterruptedException {
    FutureTask<T> start = new FutureTask<>(way);
    Thread starter = new Thread(start, "start server");
    starter.setDaemon(true);
    starter.start();
    while (!start.isDone()) {
      if (stop.sleep(CHECK)) {
        starter.interrupt();
        break;
      }
    }
    try {
      return start.get();
    } catch (ExecutionException e) {
      if (stop.asked()) {
        return null;
      }
      boolean taken = e.getCause() instanceof BindException && port != 0;
      String message =
          "Cannot start a server: "
              + e.getCause().getMessage()
              + (taken ? "; stop it" + how(port) + ", or choose another port with --port" : "");
      throw new Failure(ExitCode.FAILED, message, e.getCause());
    }
  }

  /** How to stop the server on a port, when another lab has started it. */
  private static String how(int port) {
    return ProcessHandle.allProcesses()
        .filter(process -> hasWords(process, "--port", Integer.toString(port), "--http_port"))
        .findFirst()
        .map(process -> " (kill " + process.pid() + ")")
        .orElse("");
  }

  private static boolean hasWords(ProcessHandle process, String... words) {
    List<String> arguments = List.of(process.info().arguments().orElse(new String[0]));
    return Collections.indexOfSubList(arguments, List.of(words)) >= 0;
  }
}
