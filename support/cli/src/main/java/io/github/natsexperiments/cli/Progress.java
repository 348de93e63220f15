package io.github.natsexperiments.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Timer;
import java.util.TimerTask;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** The progress bar of a quiet run. It shows on a terminal only; a log file or a pipe gets none. */
final class Progress implements AutoCloseable {
  private static final int INTERVAL_MILLIS = 200;
  private static final String CLEAR_LINE = "\r\u001b[K";

  private static volatile boolean active;
  private static OutputStream terminal;

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
                    new PrintStream(terminal, true, StandardCharsets.UTF_8), width()))
            .showSpeed()
            .clearDisplayOnFinish()
            .build();
    active = true;
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

  /** A stream to the terminal whose lines wipe the bar instead of being written behind it. */
  static OutputStream besideBar(OutputStream stream) {
    terminal = stream;
    return new FilterOutputStream(stream) {
      private boolean lineBegins = true;

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        if (active && lineBegins) {
          out.write(CLEAR_LINE.getBytes(StandardCharsets.US_ASCII));
        }
        out.write(bytes, offset, length);
        lineBegins = length > 0 && bytes[offset + length - 1] == '\n';
      }
    };
  }

  static boolean isTerminal() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      // Not Linux. The JDK only knows about input and output together, which is right nearly
      // always.
      return System.console() != null;
    }
  }

  private static int width() {
    String columns = System.getenv("COLUMNS");
    return columns != null && columns.matches("[1-9]\\d{1,3}") ? Integer.parseInt(columns) : 79;
  }

  @Override
  public void close() {
    timer.cancel();
    bar.stepTo(tally.messages());
    bar.close();
    active = false;
    System.err.print(CLEAR_LINE);
  }
}
