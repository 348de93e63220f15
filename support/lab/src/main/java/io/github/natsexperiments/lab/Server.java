package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.server.NativeCluster;
import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.server.ServerConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./lab server}: a nats-server in the foreground. */
@Command(
    name = "server",
    synopsisHeading = "Usage: ./",
    description = "Runs a nats-server until Ctrl-C. Without --data, it leaves nothing behind.",
    footer = {
      "",
      "Examples:",
      "  ./lab server              on the programs' port, 4222",
      "  ./lab server creds        wants credentials (lesson 2)",
      "  ./lab server creds --tls  the same over TLS",
      "  ./lab server token        wants a token (lesson 6)",
      "  ./lab server --data kept  keeps what JetStream stores",
      "  ./lab server cluster      three, on ports 4222 to 4224",
      "  ./lab server --port 4333  beside another server",
      "",
      "Beside another server the programs need",
      "--server nats://localhost:4333; or set for a while both",
      "NATS_LAB_PORT=4333 and NATS_URL=nats://localhost:4333"
    })
final class Server implements Callable<Integer> {
  private static final Duration CHECK = Duration.ofMillis(100);

  @Mixin private Help help;
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "PROFILE",
      arity = "0..1",
      completionCandidates = Profiles.class,
      description = "open, creds, token or cluster. Default: ${DEFAULT-VALUE}.")
  private String profile = "open";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "${env:NATS_LAB_PORT:-4222}",
      description = "Port for clients, 0 for a free one; environment NATS_LAB_PORT. Default: 4222.")
  private String portText; // parsed here, because it may be the environment that is wrong

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Folder for the data. Default: a temporary one, gone afterwards.")
  private Path data;

  @Option(names = "--tls", description = "With creds: the server asks for TLS.")
  private boolean tls;

  /** For the shell's completion. */
  static final class Profiles implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of("open", "creds", "token", LabCluster.PROFILE).iterator();
    }
  }

  @Override
  public Integer call() throws Exception {
    int port = port();
    if (tls && !profile.equals(Kit.CREDS.profile())) {
      throw new ParameterException(spec.commandLine(), "--tls is for creds");
    }
    if (profile.equals(LabCluster.PROFILE)) {
      if (data != null) {
        throw new ParameterException(
            spec.commandLine(), "--data is for one server, not for cluster");
      }
      return LabCluster.run(port);
    }
    ServerConfig config = config();
    try (Stop stop = Stop.onSignals();
        NativeServer server = LabServer.start(config, port, data, stop)) {
      if (server == null) {
        return ExitCode.DONE;
      }
      describe(server, Lab.stdout());
      if (Lab.stdout().checkError()) { // nobody can know where it is; Cli says why
        return ExitCode.DONE;
      }
      while (server.isAlive()) {
        if (stop.sleep(CHECK)) {
          server.stop(); // in order, because the data may stay
          return ExitCode.DONE;
        }
        config = reloadIfChanged(server, config);
      }
      throw new Failure(
          ExitCode.FAILED, server.description() + " has ended by itself; start it again");
    }
  }

  private int port() {
    int highest = 65536 - (profile.equals(LabCluster.PROFILE) ? NativeCluster.SIZE : 1);
    try {
      int port = Integer.parseInt(portText);
      if (port >= 0 && port <= highest) {
        return port;
      }
    } catch (NumberFormatException e) {
      // no better than a number out of range
    }
    throw new ParameterException(
        spec.commandLine(),
        "Invalid port '%s' in --port or NATS_LAB_PORT: it must be 0 to %d"
            .formatted(portText, highest));
  }

  private ServerConfig config() throws Failure, InterruptedException {
    try {
      return LabServer.config(profile, tls);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** The issuer has written something new, such as a revocation: the server has to read it. */
  private ServerConfig reloadIfChanged(NativeServer server, ServerConfig before) {
    Kit kit = Kit.of(profile);
    ServerConfig now = kit == null ? before : kit.current(before);
    if (now != before) {
      try {
        server.reload(now);
        System.err.println("The server has read its new configuration");
      } catch (IOException | UnsupportedOperationException e) {
        System.err.println("Restart the server for its new configuration: " + e.getMessage());
      }
    }
    return now;
  }

  private void describe(NativeServer server, PrintStream out) {
    out.println(server.description() + ", profile " + profile);
    out.println();
    out.println("  clients     " + server.url());
    out.println("  monitoring  http://127.0.0.1:" + server.monitoringPort());
    out.println(
        "  data        in "
            + (data == null ? "a temporary folder, gone when the server stops" : data));
    out.println("  process     " + server.pid());
    out.println("  to stop     Ctrl-C");
    out.println();
    out.println("Next, in two other terminals (mvn package builds the jars):");
    Kit kit = Kit.of(profile);
    // Only what JetStream stores is still there the next time.
    Lesson lesson = kit != null ? kit.lesson() : data == null ? Lesson.BASIC : Lesson.JETSTREAM;
    for (String program : List.of(Pair.SUBSCRIBER, Pair.PUBLISHER)) {
      List<Object> words = new ArrayList<>(List.of("java", "-jar", lesson.jar(program)));
      words.addAll(isDefault(server.port()) ? List.of() : List.of("--server", server.url()));
      words.addAll(kit == null ? List.of() : kit.option(program));
      out.println("  " + Call.shown(words.toArray()));
    }
  }

  /** Whether the programs look there by themselves. */
  private static boolean isDefault(int port) {
    String url = System.getenv().getOrDefault("NATS_URL", "nats://localhost:4222");
    return url.matches("(nats://)?(localhost|127\\.0\\.0\\.1):" + port);
  }
}
