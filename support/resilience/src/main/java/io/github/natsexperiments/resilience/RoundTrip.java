package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.Consumer;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeoutException;

/**
 * {@code flush} and {@code drain} that an interrupt cannot spoil. In an interrupted thread jnats
 * 2.26.2 drops the UNSUB and the PING that it should send, and expects a PONG all the same. From
 * then on each round trip of the connection is one PONG behind and times out; once {@code
 * maxPingsOut} PONGs are missing (2 by default), jnats drops the connection and makes another. So
 * the call is made in a thread that nobody interrupts, and ends there also when the caller has
 * stopped waiting for it.
 */
final class RoundTrip {
  private RoundTrip() {}

  /**
   * {@code Connection.flush}.
   *
   * @throws TimeoutException when the server does not answer, or the connection is closed
   */
  static void flush(Connection connection, Duration limit)
      throws InterruptedException, TimeoutException {
    try {
      call(
          () -> {
            connection.flush(limit);
            return null;
          });
    } catch (ExecutionException e) {
      throw e.getCause() instanceof TimeoutException timeout
          ? timeout
          : new TimeoutException("The connection is closed");
    }
  }

  /**
   * {@code drain} of a subscription or a dispatcher: afterwards nothing arrives any more. {@code
   * unsubscribe} can meet a message that is just arriving, which breaks the connection (jnats
   * 2.26.2, mended after that).
   */
  static void drain(Consumer consumer, Duration limit) throws InterruptedException {
    try {
      call(() -> consumer.drain(limit));
    } catch (ExecutionException e) {
      // Closed meanwhile, of which jnats may make a NullPointerException: then nothing arrives.
    }
  }

  /** Makes a call in a thread that nobody interrupts, and waits for it. */
  static <T> T call(Callable<T> call) throws InterruptedException, ExecutionException {
    FutureTask<T> task = new FutureTask<>(call);
    Thread thread = new Thread(task, "round-trip");
    thread.setDaemon(true);
    thread.start();
    return task.get();
  }
}
