package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.LoginListener;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.api.ServerInfo;

/** Ends the run when the server does not accept the token any more. */
class TokenListener extends LoginListener {
  private final Token token;

  /**
   * @param stop ends the run
   */
  TokenListener(Token token, Stop stop) {
    super(token.login(), stop);
    this.token = token;
  }

  /** Why a login was rejected, as far as this side can know. */
  String whyRejected(ServerInfo server) {
    return token.login().whyRejected(server);
  }
}
