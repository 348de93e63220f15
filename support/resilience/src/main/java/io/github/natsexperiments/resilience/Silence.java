package io.github.natsexperiments.resilience;

import java.time.Duration;

/**
 * For how long the server has given no answer, and whether that is to be reported: once when it
 * takes long, and once when it is over. For a thread of its own.
 */
final class Silence {
  private final Duration limit;
  private long heardAt = System.nanoTime();
  private boolean reported;

  /**
   * @param limit from which on it is reported
   */
  Silence(Duration limit) {
    this.limit = limit;
  }

  /** How long it has lasted. */
  Duration length() {
    return Duration.ofNanos(System.nanoTime() - heardAt);
  }

  /** When the server was heard last, in {@code System.nanoTime()}. */
  long since() {
    return heardAt;
  }

  boolean isReported() {
    return reported;
  }

  /** Whether it is to be reported now. */
  boolean isDue() {
    boolean due = !reported && length().compareTo(limit) >= 0;
    reported |= due;
    return due;
  }

  /** It would begin now, unless it is one that was reported. */
  void interrupted() {
    heardAt = reported ? heardAt : System.nanoTime();
  }

  /** The server has answered: returns how long that took if the silence was reported, or null. */
  Duration ends() {
    Duration length = reported ? length() : null;
    reported = false;
    heardAt = System.nanoTime();
    return length;
  }
}
