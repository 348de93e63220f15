package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Repeats a request to JetStream until there is an answer, and waits in a way that {@link #close},
 * an interrupt or the end of the connection cuts short. Thread-safe.
 */
final class Retry implements AutoCloseable {
  /** How long one answer may take. */
  static final Duration ANSWER = Duration.ofSeconds(2);

  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final Duration CHECK = Duration.ofMillis(50);
  private static final Duration REPORT_AFTER = Duration.ofSeconds(3);
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final Connection connection;
  private final String stream;
  private final RetryListener listener;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CompletableFuture<Object> ended = new CompletableFuture<>();

  Retry(Connection connection, String stream, RetryListener listener) {
    this.connection = connection;
    this.stream = stream;
    this.listener = listener;
  }

  /**
   * Sends a request until there is an answer.
   *
   * @throws CancellationException after {@link #close}
   */
  <T> T untilAnswered(JetStreamErrors.Request<T> request)
      throws IOException, JetStreamApiException, InterruptedException {
    Silence silence = new Silence(REPORT_AFTER);
    Exception reason = null;
    while (closed.getCount() > 0) {
      ConnectionClosedException.throwIfClosed(connection);
      // While it reconnects, jnats would only keep what is sent.
      if (connection.getStatus() == Connection.Status.CONNECTED) {
        if (reason != null && silence.isDue()) {
          String why = reason.getMessage();
          report(() -> listener.noAnswer(why));
        }
        try {
          T answer = JetStreamErrors.ask(connection, request);
          Duration length = silence.ends();
          if (length != null) {
            report(() -> listener.answered(length));
          }
          return answer;
        } catch (ConnectionClosedException e) {
          throw e;
        } catch (JetStreamApiException e) {
          if (!JetStreamErrors.isTransient(e)) {
            throw e;
          }
          reason = e;
        } catch (IOException | IllegalStateException e) {
          if (e instanceof NotPermittedException && isOurs(e.getMessage())) {
            throw e;
          }
          reason = e;
        }
      }
      closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    }
    throw new CancellationException("Closed without an answer");
  }

  /** Calls the listener, unless it is closed; {@link #close} waits for a call that has begun. */
  private synchronized void report(Runnable call) {
    if (closed.getCount() > 0) {
      call.run();
    }
  }

  /** Others may use the connection, too, for subjects that they have no permission for. */
  private boolean isOurs(String violation) {
    String bucket = "$KV." + stream.substring("KV_".length()) + ".";
    return violation.contains(stream)
        || violation.contains(bucket)
        || violation.contains("Subscription"); // to the inbox
  }

  /** Waits for the answer to one request, for 2 s at most, or until its connection is lost. */
  <T> T answer(CompletableFuture<T> answer)
      throws IOException, JetStreamApiException, InterruptedException {
    long reconnects = reconnects();
    try {
      await(answer, reconnects);
      return answer.get(0, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      if (isLost(reconnects)) {
        throw new IOException("the connection was lost", e);
      }
      // A connection that was lost again while jnats reconnected stays silent.
      if (!ended.isDone()) {
        await(CompletableFuture.runAsync(this::checkConnection), reconnects);
      }
      throw new IOException("no answer within " + ANSWER.toSeconds() + " s", e);
    } catch (ExecutionException | CancellationException e) {
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause(); // jnats wraps what the server said
      }
      if (cause instanceof JetStreamApiException refused) {
        throw refused;
      }
      throw new IOException(cause == e ? "no responders" : cause.getMessage(), e);
    }
  }

  /**
   * Not longer than there is hope: while this would wait for the answer of a server that is gone,
   * others write to the one that is back, and push out of the history what was stored before.
   */
  private void await(CompletableFuture<?> answer, long reconnects) throws InterruptedException {
    CompletableFuture<Object> either = CompletableFuture.anyOf(answer, ended);
    long start = System.nanoTime();
    while (!isLost(reconnects) && System.nanoTime() - start < ANSWER.toNanos()) {
      try {
        either.get(CHECK.toMillis(), TimeUnit.MILLISECONDS);
        return;
      } catch (TimeoutException e) {
        // look again
      } catch (ExecutionException e) {
        return; // the caller sees what has become of it
      }
    }
  }

  private boolean isLost(long reconnects) {
    return connection.getStatus() != Connection.Status.CONNECTED || reconnects() != reconnects;
  }

  private long reconnects() {
    return connection.getStatistics().getReconnects();
  }

  private void checkConnection() {
    try {
      HalfOpenGuard.check(connection);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the waits for the server at once, and those for an answer within 1 s. */
  @Override
  public synchronized void close() {
    closed.countDown();
    ended.completeOnTimeout(null, GRACE.toMillis(), TimeUnit.MILLISECONDS);
  }
}
