package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * Looks whether a connection that is back really is. When the socket breaks once more just while
 * jnats reconnects, that second loss goes unnoticed: the status says CONNECTED and nothing passes
 * (2 of 20 forced cuts). jnats finds out by its pings, which takes two minutes with usual settings;
 * one round trip after each reconnect finds out within 2 s.
 *
 * <pre>{@code
 * Connection connection = Connector.connect(options);
 * HalfOpenGuard guard = HalfOpenGuard.of(connection);
 * }</pre>
 *
 * <p>Thread-safe. Each round trip runs in a daemon thread of its own, which ends with it.
 *
 * @see <a href="https://docs.nats.io/learn/resilient-clients/reconnection">NATS documentation:
 *     reconnection</a>
 */
public final class HalfOpenGuard implements ConnectionListener, AutoCloseable {
  private static final Duration ROUND_TRIP = Duration.ofSeconds(2);

  private final Connection connection;
  private final Runnable onStuck;
  private boolean closed;

  private HalfOpenGuard(Connection connection, Runnable onStuck) {
    this.connection = connection;
    this.onStuck = onStuck;
  }

  /** Guards a connection until it is closed, or this guard is. */
  public static HalfOpenGuard of(Connection connection) {
    return of(connection, () -> {});
  }

  /**
   * Guards a connection until it is closed, or this guard is.
   *
   * @param onStuck called, in the guard's own thread, before a stuck connection connects again
   */
  public static HalfOpenGuard of(Connection connection, Runnable onStuck) {
    HalfOpenGuard guard = new HalfOpenGuard(connection, onStuck);
    connection.addConnectionListener(guard);
    return guard;
  }

  @Override
  public void connectionEvent(Connection connection, Events type, Long time, String url) {
    // RECONNECTED comes before: by then jnats has not yet sent our subscriptions to the server.
    if (type == Events.RESUBSCRIBED) {
      Thread thread = new Thread(this::check, "half-open-guard");
      thread.setDaemon(true);
      thread.start();
    }
  }

  @Override
  @Deprecated
  public void connectionEvent(Connection connection, Events type) {
    // Abstract still, but jnats calls the method with four arguments.
  }

  private void check() {
    try {
      check(connection, this::report);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void report() {
    if (!closed) {
      onStuck.run();
    }
  }

  /**
   * Makes one round trip of at most 2 s; without an answer, a connection that claims to be there
   * connects again.
   *
   * @return whether the server has answered
   */
  public static boolean check(Connection connection) throws InterruptedException {
    try {
      return RoundTrip.call(() -> check(connection, () -> {}));
    } catch (ExecutionException e) {
      return false; // closed just now
    }
  }

  private static boolean check(Connection connection, Runnable onStuck)
      throws InterruptedException {
    try {
      connection.flush(ROUND_TRIP);
      return true;
    } catch (IllegalStateException e) {
      return false; // closed, or just about to be
    } catch (TimeoutException e) {
      if (connection.getStatus() != Connection.Status.CONNECTED) {
        return false; // lost again, or closed, and jnats knows
      }
    }
    onStuck.run();
    // forceReconnect returns only when there is a server again: the caller should not wait for
    // that.
    Thread thread = new Thread(() -> reconnect(connection), "reconnect");
    thread.setDaemon(true);
    thread.start();
    return false;
  }

  private static void reconnect(Connection connection) {
    try {
      connection.forceReconnect();
    } catch (IOException | RuntimeException e) {
      // The server is away, and jnats goes on trying; or the connection is closed meanwhile, where
      // jnats 2.26.2 throws a NullPointerException.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the guarding; {@code onStuck} is not called any more. */
  @Override
  public synchronized void close() {
    closed = true;
    connection.removeConnectionListener(this);
  }
}
