package io.github.natsexperiments.resilience;

import io.nats.client.Connection;

/**
 * The connection is closed, and jnats does not try again: the program has closed it, the attempts
 * are used up, or the server has refused the login twice, whatever {@code maxReconnects} says.
 * jnats itself calls no one back in that case but a {@link io.nats.client.ConnectionListener}.
 */
public final class ConnectionClosedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;
  private final boolean loginRefused;

  private ConnectionClosedException(String lastError) {
    super("The connection is closed" + (lastError == null ? "" : ": " + lastError));
    this.loginRefused = JetStreamErrors.isLoginError(lastError);
  }

  /** Why a connection was closed; its last error, if it has one, is the reason. */
  public static ConnectionClosedException of(Connection connection) {
    return new ConnectionClosedException(connection.getLastError());
  }

  /**
   * Does nothing while jnats has the connection, or tries to have it again.
   *
   * @throws ConnectionClosedException when the connection is closed for good
   */
  public static void throwIfClosed(Connection connection) {
    if (connection.getStatus() == Connection.Status.CLOSED) {
      throw of(connection);
    }
  }

  /** Whether the server has refused the login, which another attempt would not change. */
  public boolean isLoginRefused() {
    return loginRefused;
  }
}
