package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.ConnectFailedException;
import io.github.natsexperiments.resilience.Connector;
import io.nats.client.Connection;
import io.nats.client.Options;
import io.nats.client.api.ServerInfo;
import java.time.Duration;
import java.util.function.Function;

/** Connects through {@link Connector}, and gives a failure its words and its exit code. */
public final class Connections {
  private Connections() {}

  /**
   * Connects to one of the servers of the options.
   *
   * @throws Failure exit code 3 when no server can be reached, 4 when the login is rejected
   */
  public static Connection connect(Options options) throws Failure, InterruptedException {
    return connect(options, Duration.ZERO, null);
  }

  /**
   * Connects to one of the servers of the options.
   *
   * @param whyRejected finds the words for a rejected login, from what the server says of itself
   *     (its version, whether it asks for a login; null when it said nothing); null for the
   *     server's own words, which are the same for every cause
   * @throws Failure exit code 3 when no server can be reached, 4 when the login is rejected
   */
  public static Connection connect(Options options, Function<ServerInfo, String> whyRejected)
      throws Failure, InterruptedException {
    return connect(options, Duration.ZERO, whyRejected);
  }

  /**
   * The same, for a server that may not be there yet.
   *
   * @param wait how long to try again while no server can be reached
   */
  public static Connection connect(
      Options options, Duration wait, Function<ServerInfo, String> whyRejected)
      throws Failure, InterruptedException {
    String servers = ServerUrls.show(options.getServers());
    Log.LOG.debug("Connecting to {}", servers);
    try {
      Connection connection = retrying(options, wait, servers);
      Log.LOG.info(
          "Connected to {}, nats-server {}",
          ServerUrls.withoutSecrets(connection.getConnectedUrl()),
          connection.getServerInfo().getVersion());
      return connection;
    } catch (ConnectFailedException e) {
      String why = withoutSecrets(e);
      throw switch (e.reason()) {
        case LOGIN_REJECTED ->
            new Failure(
                ExitCode.NOT_AUTHORISED,
                "Login rejected by "
                    + servers
                    + ": "
                    + (whyRejected == null ? why : whyRejected.apply(e.serverInfo())),
                e);
        case FAILED -> new Failure(ExitCode.FAILED, "Cannot connect to " + servers + ": " + why, e);
        case UNREACHABLE, NOT_A_NATS_SERVER ->
            new Failure(
                ExitCode.UNREACHABLE,
                "Cannot reach "
                    + servers
                    + ": "
                    + why
                    + ". Start a server with ./lab server, or name another one with --server",
                e);
      };
    }
  }

  private static Connection retrying(Options options, Duration wait, String servers)
      throws ConnectFailedException, InterruptedException {
    try {
      return Connector.connect(options);
    } catch (ConnectFailedException e) {
      if (e.reason() != ConnectFailedException.Reason.UNREACHABLE || wait.isZero()) {
        throw e;
      }
      Log.LOG.warn("Cannot reach {} yet: {}; retrying", servers, withoutSecrets(e));
      return Connector.connect(options, wait);
    }
  }

  private static String withoutSecrets(ConnectFailedException e) {
    return ServerUrls.withoutSecrets(e.getMessage());
  }
}
