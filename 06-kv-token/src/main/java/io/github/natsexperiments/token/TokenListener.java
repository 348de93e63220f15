package io.github.natsexperiments.token;

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
 * Says what became of the login, and ends the run when the server does not accept the token any
 * more. jnats then closes the connection for good, whatever {@code maxReconnects} says: after the
 * second rejection in a row.
 */
class TokenListener extends ConnectionLog {
  private static final Logger LOG = LoggerFactory.getLogger("nats");

  private final Token token;
  private final Stop stop;

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
  void connected(Connection connection) {
    if (token.isThere() && !connection.getServerInfo().isAuthRequired()) {
      LOG.warn("The server asks for no token: anybody may connect");
    }
    if (token.warning() != null) {
      LOG.warn(token.warning());
    }
  }

  @Override
  public void errorOccurred(Connection connection, String error) {
    if (isRejection(error)) {
      LOG.debug("{}", error); // trying again with the token as it is then; CLOSED is the end
    } else {
      super.errorOccurred(connection, error);
    }
  }

  @Override
  public void connectionEvent(Connection connection, Events type, Long time, String url) {
    if (type == Events.CLOSED && !stop.asked() && isRejection(connection.getLastError())) {
      stop.fail(
          new Failure(
              ExitCode.NOT_AUTHORISED,
              "The server does not accept "
                  + (token.isThere() ? token.origin() : "a login without a token")
                  + " any more"));
    }
    super.connectionEvent(connection, type, time, url);
  }

  private static boolean isRejection(String error) {
    String lower = String.valueOf(error).toLowerCase(Locale.ROOT);
    return lower.contains("authorization violation") || lower.startsWith("user authentication");
  }
}
