package io.github.natsexperiments.callbacks;

import io.nats.client.Connection;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * Looks whether a connection that is back really is. When the socket breaks once more just while
 * jnats reconnects, that second loss goes unnoticed: the status says CONNECTED and nothing passes.
 * jnats finds out by its pings, which takes minutes with the settings of these lessons; one round
 * trip after each reconnect finds out at once.
 */
final class StuckConnection {
  private static final Duration ROUND_TRIP_LIMIT = Duration.ofSeconds(2);

  private StuckConnection() {}

  /** To be called after a reconnect, in a thread of its own. */
  static void heal(Connection connection, ConnectionEvents events) {
    try {
      connection.flush(ROUND_TRIP_LIMIT);
    } catch (TimeoutException | IllegalStateException e) {
      if (connection.getStatus() != Connection.Status.CONNECTED) {
        return; // lost again, and jnats knows
      }
      events.tell("stuck", connection, "connected, but no answer: connecting anew");
      try {
        connection.forceReconnect();
      } catch (IOException | InterruptedException x) {
        events.tell("stuck", connection, x.toString());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
