package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.AckWindow.InFlight;
import io.nats.client.Connection;
import io.nats.client.api.ServerInfo;
import java.util.List;

/** A connection, and what only polling finds out about it. Not thread-safe. */
final class WatchedConnection {
  final Connection connection;
  private ServerInfo server;
  private String lastError;

  WatchedConnection(Connection connection) {
    this.connection = connection;
    this.server = connection.getServerInfo();
    this.lastError = connection.getLastError();
  }

  boolean isConnected() {
    return connection.getStatus() == Connection.Status.CONNECTED;
  }

  boolean isClosed() {
    return connection.getStatus() == Connection.Status.CLOSED;
  }

  /** Whether jnats has connected again since this was asked before. */
  boolean hasReconnected() {
    ServerInfo before = server;
    server = connection.getServerInfo(); // another object after each connect, or after news
    return server != before
        && (server.getClientId() != before.getClientId()
            || !server.getServerId().equals(before.getServerId()));
  }

  /**
   * What the server has said, since this was asked before, about a missing permission; null when it
   * has not. It is an error of its own, and no answer to what we may not do.
   */
  String violation() {
    String before = lastError;
    lastError = connection.getLastError();
    boolean news = lastError != before; // another object: a new error may have the same text
    return news && JetStreamErrors.isPermissionsViolation(lastError) ? lastError : null;
  }

  /** The same, if it is about publishing these messages or getting their acks. */
  String violation(String inbox, List<InFlight> messages) {
    String said = violation();
    boolean ours =
        said != null
            && (said.contains('"' + inbox)
                || messages.stream().anyMatch(each -> said.contains('"' + each.subject + '"')));
    return ours ? said : null;
  }
}
