package io.github.natsexperiments.resilience;

import java.time.Duration;

/** Hears of long waits for the server's answer, on the thread that waits. */
public interface RetryListener {
  /**
   * There has been no answer for 3 to 5 s although the connection is there, and the request is
   * retried. Called once, until {@link #answered}.
   *
   * @param reason in the server's words where it has said anything
   */
  default void noAnswer(String reason) {}

  /**
   * The server answers again.
   *
   * @param silence for how long it has not
   */
  default void answered(Duration silence) {}
}
