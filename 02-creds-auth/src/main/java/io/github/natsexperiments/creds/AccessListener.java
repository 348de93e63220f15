package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.api.ServerInfo;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the run, with the reason, when the server refuses something or takes a login back. jnats
 * tells both to its ErrorListener only: {@code publish} and {@code subscribe} return as if nothing
 * were wrong.
 *
 * @see <a
 *     href="https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization">NATS
 *     documentation: authorization</a>
 */
final class AccessListener extends ConnectionLog {
  private static final String NOT_PERMITTED = "permissions violation for ";
  private static final String LOGIN_ENDED = "user authentication ";

  private final Stop stop;
  private CredsFile creds;

  /**
   * @param creds what the program logs in with; null for nothing
   * @param stop ends the run
   */
  AccessListener(CredsFile creds, Stop stop) {
    this.creds = creds;
    this.stop = stop;
  }

  /** Why a login was rejected while connecting, as far as this side can know. */
  synchronized String whyRejected(ServerInfo server) {
    // A server that takes credentials sends a nonce, to be signed with the seed.
    if (server != null && server.getNonce() == null) {
      return "it asks for a token or a password, not for credentials";
    }
    return creds == null
        ? "it asks for credentials: name a file with --creds or NATS_CREDS; issuer.jar makes one"
        : creds.whyRejected();
  }

  /** Tells what the login is worth, once connected. */
  synchronized void connected(Connection connection) {
    if (creds == null) {
      return;
    }
    Logger log = LoggerFactory.getLogger("nats");
    if (!connection.getServerInfo().isAuthRequired()) {
      log.warn("The server asks for no login: {} is of no use, anybody may connect", creds.path());
      return;
    }
    if (creds.isOpenToOthers()) {
      log.warn("Others can read the secret in {}: chmod 600 {}", creds.path(), creds.path());
    }
    log.info("Logged in as user {}", creds.user().inWords());
  }

  @Override
  public void errorOccurred(Connection connection, String error) {
    String lower = error.toLowerCase(Locale.ROOT);
    if (lower.startsWith(NOT_PERMITTED)) {
      stop.fail(notPermitted(error));
    } else if (lower.startsWith(LOGIN_ENDED) || lower.contains("authorization viol")) {
      loginLost(lower);
    } else {
      super.errorOccurred(connection, error);
    }
  }

  /**
   * A login has ended ("User Authentication Expired", "… Revoked"), and jnats logs in again with
   * the file as it is now: that can succeed when somebody has put new credentials there in time. Or
   * that second login has been rejected ("Authorization Violation"): then nothing else will help.
   */
  private synchronized void loginLost(String error) {
    try {
      if (creds == null) {
        throw notAuthorised("The server now " + whyRejected(null));
      }
      CredsFile now = CredsFile.read(creds.path());
      boolean renewed = !now.user().jwt().equals(creds.user().jwt());
      creds = now;
      if (!error.startsWith(LOGIN_ENDED)) {
        throw notAuthorised("The server rejects the login: " + now.whyRejected());
      }
      if (!renewed && error.endsWith("expired")) {
        throw now.expired();
      }
      if (!renewed) {
        throw notAuthorised(
            "The server has ended the login: user \"" + now.user().name() + "\" is revoked");
      }
      LoggerFactory.getLogger("nats")
          .info(
              "The server has ended the login; there are new credentials in the file, of user {}",
              now.user().inWords());
    } catch (Failure e) {
      stop.fail(e);
    }
  }

  /**
   * jnats reads the file anew at every attempt to connect again. Somebody may have removed it, or
   * be about to write it, so this says so and lets jnats go on trying.
   */
  @Override
  public void exceptionOccurred(Connection connection, Exception e) {
    if (stop.asked()) {
      return; // the reason why the run ends is told once
    }
    if (creds() != null && e.getCause() instanceof IllegalStateException) {
      try {
        CredsFile.read(creds().path());
      } catch (Failure why) {
        LoggerFactory.getLogger("nats").warn("Cannot log in again: {}", why.getMessage());
        return;
      }
    }
    super.exceptionOccurred(connection, e);
  }

  private synchronized CredsFile creds() {
    return creds;
  }

  @Override
  public void connectionEvent(Connection connection, Events type, Long time, String url) {
    if (stop.asked()) {
      return; // as above
    }
    super.connectionEvent(connection, type, time, url);
    if (type == Events.CLOSED && connection.getLastError() != null) {
      // A login rejected twice makes jnats give up, whatever maxReconnects says.
      errorOccurred(connection, connection.getLastError());
    }
  }

  /**
   * Looks whether a publish or subscribe before the last flush was refused. The server answers in
   * the order of what it gets, so after a flush the error is there; its callback may still be on
   * the way.
   *
   * @throws Failure exit code 4, naming the subject
   */
  void check(Connection connection) throws Failure {
    String error = connection.getLastError();
    if (error != null && error.toLowerCase(Locale.ROOT).startsWith(NOT_PERMITTED)) {
      stop.fail(notPermitted(error));
    }
    stop.throwFailure();
  }

  /** The server says: {@code Permissions Violation for Publish to "bar"}. */
  private synchronized Failure notPermitted(String error) {
    return notAuthorised(
        "Refused by the server: "
            + error.substring(NOT_PERMITTED.length())
            + (creds == null ? "" : ", to user " + creds.user().inWords()));
  }

  private static Failure notAuthorised(String message) {
    return new Failure(ExitCode.NOT_AUTHORISED, message);
  }
}
