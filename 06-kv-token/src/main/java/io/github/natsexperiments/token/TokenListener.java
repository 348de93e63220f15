package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.api.ServerInfo;
import java.util.Arrays;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says what became of the login, and ends the run when the server does not accept the token any
 * more. jnats would find that out by a second rejection, each after a whole connect timeout.
 */
class TokenListener extends ConnectionLog {
  private static final Logger LOG = LoggerFactory.getLogger("nats");

  private final Token token;
  private final Stop stop;
  private char[] accepted; // in the last login
  private int rejections; // since then

  /**
   * @param stop ends the run
   */
  TokenListener(Token token, Stop stop) {
    this.token = token;
    this.stop = stop;
  }

  /** Why a login was rejected, as far as this side can know. */
  String whyRejected(ServerInfo server) {
    if (server != null && server.getNonce() != null) {
      return "it asks for credentials, not for a token: see lesson 2";
    }
    return token.isThere()
        ? "it does not accept " + token.origin()
        : "it asks for a token: name a file with --token-file, or set NATS_TOKEN";
  }

  /** Tells what the login is worth, once connected. */
  synchronized void connected(Connection connection) {
    accepted = token.get();
    if (token.isThere() && !connection.getServerInfo().isAuthRequired()) {
      LOG.warn("The server asks for no token: anybody may connect");
    }
    if (token.warning() != null) {
      LOG.warn(token.warning());
    }
  }

  /** The server has ended the connection, or jnats tries to log in with the token as it is now. */
  @Override
  public synchronized void errorOccurred(Connection connection, String error) {
    if (!isRejection(error)) {
      super.errorOccurred(connection, error);
    } else if (++rejections > 1 || Arrays.equals(token.get(), accepted)) {
      stop.fail(notAcceptedAnyMore()); // there is no new one, or it is not right either
    }
  }

  @Override
  public synchronized void connectionEvent(
      Connection connection, Events type, Long time, String url) {
    if (type == Events.RECONNECTED) {
      accepted = token.get();
      rejections = 0;
    }
    if (type == Events.CLOSED && !stop.asked() && isRejection(connection.getLastError())) {
      stop.fail(notAcceptedAnyMore());
    }
    super.connectionEvent(connection, type, time, url);
  }

  private Failure notAcceptedAnyMore() {
    return new Failure(
        ExitCode.NOT_AUTHORISED,
        "The server does not accept "
            + (token.isThere() ? token.origin() : "a login without a token")
            + " any more");
  }

  private static boolean isRejection(String error) {
    String lower = String.valueOf(error).toLowerCase(Locale.ROOT);
    return lower.contains("authorization violation") || lower.startsWith("user authentication");
  }
}
