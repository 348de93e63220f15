package io.github.natsexperiments.cli;

import io.nats.client.Connection;
import io.nats.client.Options;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** What a run has handed over to jnats, which itself does not wait for room. For one thread. */
final class Outgoing {
  private static final Duration FULL_BUFFER_PAUSE = Duration.ofMillis(100);
  private static final Duration SLOW_SERVER = Duration.ofMinutes(1);

  private static final long LIMIT = Run.outgoingLimit();

  /** jnats itself waits while 5,000 messages are on their way: that is enough for small ones. */
  private static final long SMALL = LIMIT / Options.DEFAULT_MAX_MESSAGES_IN_OUTGOING_QUEUE;

  private final Run run;
  private final Connection connection;
  private long unchecked; // bytes since the last round trip

  Outgoing(Run run, Connection connection) {
    this.run = run;
    this.connection = connection;
  }

  /** See {@link Run#whenThereIsRoom}. */
  void publish(byte[] payload, Consumer<byte[]> publish) throws Failure, InterruptedException {
    if (payload.length > SMALL) {
      unchecked += payload.length;
      if (unchecked > LIMIT) {
        waitForRoom();
      }
    }
    while (true) {
      try {
        publish.accept(payload);
        return;
      } catch (IllegalArgumentException e) {
        throw tooLarge(e);
      } catch (IllegalStateException e) {
        boolean ends = run.stop().sleep(FULL_BUFFER_PAUSE);
        run.stop().throwFailure();
        if (ends || isClosed()) {
          throw new Failure(ExitCode.FAILED, "Not sent: " + e.getMessage(), e);
        }
      }
    }
  }

  /** A round trip: what was handed over before is with the server then. */
  private void waitForRoom() throws Failure, InterruptedException {
    boolean back = false;
    while (!back && !run.stop().asked()) {
      try {
        back = run.interruptible(this::hasAnswered);
      } catch (InterruptedException e) {
        if (!run.stop().asked()) {
          throw e; // else the run ends as every other does: with the last flush
        }
      }
    }
    unchecked = 0;
  }

  private boolean hasAnswered() throws InterruptedException {
    try {
      connection.flush(SLOW_SERVER);
      return true;
    } catch (TimeoutException | IllegalStateException e) {
      return isClosed(); // publish() says so, too
    }
  }

  private boolean isClosed() {
    return connection.getStatus() == Connection.Status.CLOSED;
  }

  private Failure tooLarge(IllegalArgumentException e) throws Failure, InterruptedException {
    long max = connection.getMaxPayload();
    run.flush("Some messages before one that is too large may be lost");
    return new Failure(
        ExitCode.FAILED,
        "A message is larger than the "
            + max
            + " bytes that the server takes (max_payload): send less, or in parts",
        e);
  }
}
