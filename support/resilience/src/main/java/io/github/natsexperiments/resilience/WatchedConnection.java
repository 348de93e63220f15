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
   * What the server has said, since this was asked before, about a missing permission to publish
   * these messages or to get their acks; null when it has not. It is an error of its own, and no
   * answer to the message.
   */
  String missingPermission(String inbox, List<InFlight> messages) {
    String before = lastError;
    lastError = connection.getLastError();
    if (lastError == before || !JetStreamErrors.isPermissionsViolation(lastError)) {
      return null; // compared as objects: a new error may have the same text
    }
    boolean ours = lastError.contains('"' + inbox);
    for (InFlight message : messages) {
      ours |= lastError.contains('"' + message.subject + '"');
    }
    return ours ? lastError : null;
  }
}
