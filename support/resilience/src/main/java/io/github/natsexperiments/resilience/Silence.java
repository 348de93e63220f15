package io.github.natsexperiments.resilience;

import java.time.Duration;

/**
 * How long a {@link ResumingConsumer} has heard nothing from the server, and what its listener
 * hears of that: one report when it takes long, and one when it is over. For a thread of its own.
 */
final class Silence {
  private static final long UNTIL_REPORTED = Duration.ofSeconds(3).toNanos();

  private final ConsumerListener listener;
  private long heardAt = System.nanoTime();
  private boolean reported;

  Silence(ConsumerListener listener) {
    this.listener = listener;
  }

  /** When the server was heard last, in {@code System.nanoTime()}. */
  long since() {
    return heardAt;
  }

  boolean isReported() {
    return reported;
  }

  /** The server has answered, or jnats reports what was before: a silence would begin now. */
  void interrupted() {
    heardAt = reported ? heardAt : System.nanoTime();
  }

  /** Something does not work just now. */
  void trouble(String reason) throws Exception {
    if (!reported && System.nanoTime() - heardAt > UNTIL_REPORTED) {
      reported = true;
      listener.retrying(reason);
    }
  }

  /** A message or a heartbeat is there. */
  void ends() throws Exception {
    long now = System.nanoTime();
    Duration silence = Duration.ofNanos(now - heardAt);
    heardAt = now;
    if (reported) {
      reported = false;
      listener.resumed(silence);
    }
  }
}
