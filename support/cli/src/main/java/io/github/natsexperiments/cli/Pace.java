package io.github.natsexperiments.cli;

import java.time.Duration;

/** The beat of a publisher: one message an interval, without drift and without catching up. */
public final class Pace {
  private final long interval;
  private final Stop stop;
  private long next = System.nanoTime();

  /**
   * @param interval between two messages; zero for as fast as it can
   * @param stop ends the waiting
   */
  public Pace(Duration interval, Stop stop) {
    this.interval = interval.toNanos();
    this.stop = stop;
  }

  /**
   * Waits for the next beat; the first is at once.
   *
   * @return false when the run is to end
   */
  public boolean next() throws InterruptedException {
    return next(null);
  }

  /**
   * The same within a limit.
   *
   * @param limit the longest wait; null for none
   * @return false also when the next beat is later
   */
  public boolean next(Duration limit) throws InterruptedException {
    long wait = interval > 0 ? Math.max(0, next - System.nanoTime()) : 0;
    if (limit != null && limit.toNanos() < wait) {
      stop.sleep(limit);
      return false;
    }
    if (interval > 0) {
      stop.sleep(Duration.ofNanos(wait));
      // After a pause, such as a server that was away, the beat goes on from here: no burst.
      next = Math.max(next, System.nanoTime() - interval) + interval;
    }
    return !stop.asked();
  }
}
