package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.ConnectFailedException;
import io.github.natsexperiments.resilience.ConnectFailedException.Reason;
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
   * The same, for a server that may not be there yet.
   *
   * @param wait how long to try again while no server can be reached
   * @param whyRejected finds the words for a rejected login, from what the server says of itself
   *     (its version, whether it asks for a login; null when it said nothing); null for the
   *     server's own words, which are the same for every cause
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
      throw failure(e, whyRejected);
    }
  }

  /**
   * Gives a failed connect its words and its exit code.
   *
   * @param whyRejected like that of {@link #connect(Options, Duration, Function)}
   */
  static Failure failure(ConnectFailedException e, Function<ServerInfo, String> whyRejected) {
    String servers = ServerUrls.show(e.servers());
    String why = withoutSecrets(e);
    return switch (e.reason()) {
      case LOGIN_REJECTED ->
          new Failure(
              ExitCode.NOT_AUTHORISED,
              "Login rejected by "
                  + servers
                  + ": "
                  + (whyRejected == null ? why : whyRejected.apply(e.serverInfo())),
              e);
      case TLS_CLIENT_CERTIFICATE ->
          new Failure(
              ExitCode.NOT_AUTHORISED, "TLS: " + servers + ": " + why + cure(e.reason()), e);
      case FAILED -> new Failure(ExitCode.FAILED, "Cannot connect to " + servers + ": " + why, e);
      default ->
          new Failure(
              ExitCode.UNREACHABLE,
              (e.reason().name().startsWith("TLS") ? "TLS: " : "Cannot reach ")
                  + servers
                  + ": "
                  + why
                  + cure(e.reason()),
              e);
    };
  }

  /** What to do next. */
  private static String cure(Reason reason) {
    return switch (reason) {
      case UNREACHABLE -> ". Start a server with ./lab server, or name another one with --server";
      case NOT_A_NATS_SERVER -> ". Name another one with --server";
      case SERVER_FULL -> ". Close another connection, or raise max_connections there";
      case TLS_REQUIRED -> ". Name the authority that signed its certificate with --tlsca";
      case TLS_NOT_OFFERED -> ". Leave out the --tls options, and tls:// in the URL";
      case TLS_UNKNOWN_AUTHORITY -> ". Name the authority that signed it with --tlsca";
      case TLS_EXPIRED -> ". The server needs a new one; is the clock here right?";
      case TLS_WRONG_NAME -> ". Use a name that is in it, or another server";
      case TLS_CLIENT_CERTIFICATE ->
          ". Name one of an authority that it trusts with --tlscert and --tlskey";
      case TLS_FIRST_EXPECTED -> ". Add --tlsfirst";
      case TLS_FIRST_NOT_OFFERED -> ". Leave out --tlsfirst, or write ws:// for wss://";
      default -> "";
    };
  }

  private static Connection retrying(Options options, Duration wait, String servers)
      throws ConnectFailedException, InterruptedException {
    long start = System.nanoTime();
    try {
      return Connector.connect(options);
    } catch (ConnectFailedException e) {
      Duration left = wait.minusNanos(System.nanoTime() - start);
      if (e.reason() != Reason.UNREACHABLE || left.isNegative()) {
        throw e;
      }
      Log.LOG.warn("Cannot reach {} yet: {}; retrying", servers, withoutSecrets(e));
      return Connector.connect(options, left);
    }
  }

  private static String withoutSecrets(ConnectFailedException e) {
    return ServerUrls.withoutSecrets(e.getMessage());
  }
}
