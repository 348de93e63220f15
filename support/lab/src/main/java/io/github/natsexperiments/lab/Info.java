package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Login;
import io.github.natsexperiments.cli.ServerUrls;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Options;
import io.nats.client.api.AccountLimits;
import io.nats.client.api.AccountStatistics;
import io.nats.client.api.ServerInfo;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.LongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code ./lab info}: the server, and what JetStream uses of what it may use.
 *
 * @see <a href="https://docs.nats.io/learn/deployment/sizing-and-resources">NATS documentation:
 *     JetStream resources</a>
 */
@Command(
    name = "info",
    synopsisHeading = "Usage: ./",
    description = "Shows a server, and JetStream's usage there against its limits.",
    modelTransformer = Info.OptionsInUse.class,
    footer = {
      "",
      "Examples:",
      "  ./lab info                         this machine's server",
      "  ./lab info -s nats://demo.nats.io  another one",
      "  ./lab info --token-file 06-kv-token/token/token"
    })
final class Info implements Callable<Integer> {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  @Mixin private CommonOptions common;

  /** There is no line per message here, and {@code ./lab -V} prints the version. */
  static final class OptionsInUse implements IModelTransformer {
    @Override
    public CommandSpec transform(CommandSpec spec) {
      return spec.remove(spec.findOption("--quiet")).remove(spec.findOption("--version"));
    }
  }

  @Override
  public Integer call() throws Exception {
    Login login = common.login();
    ConnectionLog log = new ConnectionLog();
    Options.Builder options =
        Options.builder()
            .servers(common.servers())
            .connectionName("NATS Experiments lab")
            .connectionTimeout(Duration.ofSeconds(10))
            .noReconnect()
            .connectionListener(log)
            .errorListener(log);
    Options secure = common.secure(options, login).build();
    try (Connection connection =
        Connections.connect(secure, common.waitForServer(), login::whyRejected)) {
      PrintStream out = Lab.stdout();
      showServer(connection, out);
      showJetStream(connection, out);
    }
    return ExitCode.DONE;
  }

  private static void showServer(Connection connection, PrintStream out) throws IOException {
    ServerInfo server = connection.getServerInfo();
    connection.RTT(); // the first one also waits for the JVM
    out.println("Server      " + server.getServerName());
    out.println("Version     " + server.getVersion());
    out.println("URL         " + ServerUrls.withoutSecrets(connection.getConnectedUrl()));
    out.printf(Locale.ROOT, "RTT         %.2f ms%n", connection.RTT().toNanos() / 1e6);
    out.println("Client id   " + server.getClientId());
    out.println("JetStream   " + (server.isJetStreamAvailable() ? "on" : "off"));
  }

  private static void showJetStream(Connection connection, PrintStream out) throws IOException {
    if (!connection.getServerInfo().isJetStreamAvailable()) {
      return;
    }
    try {
      AccountStatistics used = connection.jetStreamManagement().getAccountStatistics();
      AccountLimits limits = used.getLimits();
      out.println();
      out.printf("%-11s %-11s %s%n", "", "Used", "Limit");
      row(out, "Memory", used.getMemory(), limits.getMaxMemory(), Info::bytes);
      row(out, "Storage", used.getStorage(), limits.getMaxStorage(), Info::bytes);
      row(out, "Streams", used.getStreams(), limits.getMaxStreams(), Long::toString);
      row(out, "Consumers", used.getConsumers(), limits.getMaxConsumers(), Long::toString);
    } catch (JetStreamApiException e) {
      out.println();
      out.println("No JetStream for this account: " + e.getErrorDescription());
    }
  }

  private static void row(
      PrintStream out, String what, long used, long limit, LongFunction<String> form) {
    out.printf(
        "%-11s %-11s %s%n", what, form.apply(used), limit < 0 ? "unlimited" : form.apply(limit));
  }

  /** Bytes for people: {@code 512 B}, {@code 1.5 MiB}. */
  static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, UNITS[unit]);
  }
}
