package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.ConnectionClosedException;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * Tells on standard error what happens to a connection: that the server has gone and is back, and
 * that messages were dropped. Lesson 04 shows how to write such listeners, with every event. A
 * lesson that has more to do at an event extends it.
 */
public class ConnectionLog implements ConnectionListener, ErrorListener {
  private final Stop stop;
  private boolean connected;

  /** Only reports. */
  public ConnectionLog() {
    this(null);
  }

  /**
   * Reports, and ends the run when jnats has closed the connection for good.
   *
   * @param stop what ends the run; null to leave it alone
   */
  public ConnectionLog(Stop stop) {
    this.stop = stop;
  }

  @Override
  public synchronized void connectionEvent(
      Connection connection, Events type, Long time, String url) {
    String server = ServerUrls.withoutSecrets(url);
    switch (type) {
      case CONNECTED -> connected = true;
      case DISCONNECTED -> {
        // Comes again after every failed attempt, and once when the program itself closes.
        if (connected && connection.getStatus() != Connection.Status.CLOSED) {
          connected = false;
          Log.LOG.warn("Disconnected from {}; trying to connect again", server);
        }
      }
      case RECONNECTED -> {
        connected = true;
        Log.LOG.info("Connected again to {}", server);
      }
      case CLOSED -> {
        // jnats gives up when the server has refused the login twice, and tells nobody else.
        if (stop != null && !stop.asked()) {
          stop.fail(Failure.of(ConnectionClosedException.of(connection)));
        }
      }
      case LAME_DUCK -> Log.LOG.warn("{} is about to shut down", server);
      default -> Log.LOG.debug("{} {}", type.getEvent(), server);
    }
  }

  @Override
  @Deprecated
  public void connectionEvent(Connection connection, Events type) {
    // The older form of the method above; jnats calls that one.
  }

  @Override
  public void errorOccurred(Connection connection, String error) {
    Log.LOG.warn("The server says: {}", error);
  }

  @Override
  public void exceptionOccurred(Connection connection, Exception e) {
    Throwable what = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    if (what instanceof IOException
        || what instanceof TimeoutException
        || what instanceof InterruptedException) { // a handler at work when the connection closes
      Log.LOG.debug("connection", e); // the event says it in the reader's words
    } else {
      Log.LOG.warn("{}", e.toString());
      Log.LOG.debug("", e);
    }
  }

  @Override
  public void slowConsumerDetected(Connection connection, Consumer consumer) {
    Log.LOG.warn(
        "Messages come faster than they are handled: {} dropped so far",
        consumer.getDroppedCount());
  }
}
