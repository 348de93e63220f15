package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.RetryListener;
import java.time.Duration;
import java.util.Locale;

/** Logs that the server does not answer although it is there, and that it answers again. */
public final class RetryLog implements RetryListener {
  @Override
  public void noAnswer(String reason) {
    Log.LOG.warn("The server does not answer the last request ({}); retrying", reason);
  }

  @Override
  public void answered(Duration silence) {
    String seconds = String.format(Locale.ROOT, "%.1f", silence.toMillis() / 1000.0);
    Log.LOG.info("The server answers again, after {} s", seconds);
  }
}
