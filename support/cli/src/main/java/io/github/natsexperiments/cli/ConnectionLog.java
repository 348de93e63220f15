package io.github.natsexperiments.cli;

import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import java.io.IOException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells on standard error what happens to a connection: that the server has gone and is back, and
 * that messages were dropped. Lesson 04 shows how to write such listeners, with every event.
 */
public final class ConnectionLog implements ConnectionListener, ErrorListener {
  private final Logger log = LoggerFactory.getLogger("nats");
  private boolean away;

  @Override
  public synchronized void connectionEvent(
      Connection connection, Events type, Long time, String url) {
    String server = ServerUrls.withoutSecrets(url);
    switch (type) {
      case DISCONNECTED -> {
        // Comes again after every failed attempt, and once when the program itself closes.
        if (!away && connection.getStatus() != Connection.Status.CLOSED) {
          away = true;
          log.warn("Disconnected from {}; trying to connect again", server);
        }
      }
      case RECONNECTED -> {
        away = false;
        log.info("Connected again to {}", server);
      }
      case LAME_DUCK -> log.warn("{} is about to shut down", server);
      default -> log.debug("{} {}", type.getEvent(), server);
    }
  }

  @Override
  @Deprecated
  public void connectionEvent(Connection connection, Events type) {
    // The older form of the method above; jnats calls that one.
  }

  @Override
  public void errorOccurred(Connection connection, String error) {
    log.warn("The server says: {}", error);
  }

  @Override
  public void exceptionOccurred(Connection connection, Exception e) {
    if (e instanceof IOException || e instanceof TimeoutException) {
      log.debug("connection", e); // the event says it in the reader's words
    } else {
      log.warn("{}", e.toString());
      log.debug("", e);
    }
  }

  @Override
  public void slowConsumerDetected(Connection connection, Consumer consumer) {
    log.warn(
        "Messages come faster than they are handled: {} dropped so far",
        consumer.getDroppedCount());
  }
}
