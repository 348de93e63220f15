package io.github.natsexperiments.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Timer;
import java.util.TimerTask;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** The progress bar of a quiet run. It shows on a terminal only; a log file or a pipe gets none. */
final class Progress implements AutoCloseable {
  private static final int INTERVAL_MILLIS = 200;

  private final Timer timer = new Timer("progress", true);
  private final ProgressBar bar;
  private final Tally tally;

  /**
   * @param task what is being done, one word
   * @param count messages at the end, or {@link Long#MAX_VALUE} when nobody knows
   */
  Progress(String task, long count, Tally tally) {
    this.tally = tally;
    this.bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(count == Long.MAX_VALUE ? -1 : count)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(INTERVAL_MILLIS)
            .setConsumer(
                new ConsoleProgressBarConsumer(
                    new PrintStream(
                        new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                    Terminal.width() - 1))
            .showSpeed()
            .clearDisplayOnFinish()
            .build();
    Terminal.barShown(true);
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            bar.stepTo(tally.messages());
          }
        },
        INTERVAL_MILLIS,
        INTERVAL_MILLIS);
  }

  @Override
  public void close() {
    timer.cancel();
    bar.stepTo(tally.messages());
    bar.close();
    Terminal.barShown(false);
  }
}
