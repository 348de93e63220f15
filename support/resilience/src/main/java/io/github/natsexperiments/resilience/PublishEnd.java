package io.github.natsexperiments.resilience;

import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * What ends an {@link IdempotentPublisher}: somebody asks it to stop, one of its threads fails, or
 * it is closed. Not thread-safe: the publisher guards it.
 */
final class PublishEnd {
  private static final long LAST_ACKS_NANOS = 5_000_000_000L;
  private static final long LAST_ACKS_ALONE_NANOS = 1_000_000_000;

  private final BooleanSupplier stop;
  private long stoppedAt;
  private boolean closed;
  private Throwable failure;

  PublishEnd(BooleanSupplier stop) {
    this.stop = stop;
  }

  boolean isStopped() {
    if (stoppedAt == 0 && stop.getAsBoolean()) {
      stoppedAt = System.nanoTime();
    }
    return stoppedAt != 0;
  }

  /** Whether the acks have been waited for long enough since the stop. */
  boolean isOverdue(boolean connected) {
    long limit = connected ? LAST_ACKS_NANOS : LAST_ACKS_ALONE_NANOS;
    return isStopped() && System.nanoTime() - stoppedAt > limit;
  }

  /** The first failure counts. */
  void fail(Throwable e) {
    if (failure == null) {
      boolean known = e instanceof Error || e instanceof RuntimeException;
      known |= e instanceof IOException || e instanceof JetStreamApiException;
      failure = known ? e : new IllegalStateException(e);
    }
  }

  boolean hasFailed() {
    return failure != null;
  }

  /** Returns false when it was closed before. */
  boolean close() {
    boolean first = !closed;
    closed = true;
    return first;
  }

  boolean isClosed() {
    return closed;
  }

  /** Throws what has ended the publishing. */
  void check() throws IOException, JetStreamApiException {
    if (failure instanceof Error e) {
      throw e;
    } else if (failure instanceof RuntimeException e) {
      throw e;
    } else if (failure instanceof JetStreamApiException e) {
      throw e;
    } else if (failure != null) {
      throw (IOException) failure;
    }
    if (closed) {
      throw new IllegalStateException("The publisher is closed");
    }
  }
}
