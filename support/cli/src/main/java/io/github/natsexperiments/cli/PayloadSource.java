package io.github.natsexperiments.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * What a publisher sends, one payload after the other at the pace of {@code --interval}: numbered
 * texts, or the lines of standard input.
 */
public final class PayloadSource {
  private static final int LINES_AHEAD = 1024;
  private static final int BYTES_AHEAD =
      (int) Math.min(8 << 20, Runtime.getRuntime().maxMemory() / 16);
  private static final long STOP_CHECK_MILLIS = 50;

  private final long count;
  private final Pace pace;
  private final Stop stop;
  private final MessageTemplate template;
  private final BlockingQueue<Optional<byte[]>> lines;
  private final Semaphore room = new Semaphore(BYTES_AHEAD);
  private long next;
  private long linesToSkip;

  /** Numbered texts. */
  PayloadSource(long count, Pace pace, Stop stop, MessageTemplate template) {
    this.count = count;
    this.pace = pace;
    this.stop = stop;
    this.template = template;
    this.lines = null;
  }

  /** The lines of an input, as bytes, without their line ends. */
  PayloadSource(long count, Pace pace, Stop stop, InputStream input, long longestLine) {
    this.count = count;
    this.pace = pace;
    this.stop = stop;
    this.template = null;
    this.lines = new ArrayBlockingQueue<>(LINES_AHEAD);
    // A read cannot be interrupted; in a thread of its own it does not keep Ctrl-C waiting.
    Thread reader = new Thread(() -> read(new BufferedInputStream(input), longestLine), "stdin");
    reader.setDaemon(true);
    reader.start();
  }

  /** Begins at a number other than 0; the lines of an input before it are read and skipped. */
  PayloadSource from(long first) {
    next = first;
    linesToSkip = template == null ? first : 0;
    return this;
  }

  /**
   * Waits for the next payload.
   *
   * @return null when there is none: the count is reached, the input has ended, or the run is to
   *     end
   */
  public byte[] next() throws InterruptedException {
    if (next >= count || !pace.next()) {
      return null;
    }
    for (; linesToSkip > 0; linesToSkip--) {
      if (nextLine() == null) {
        return null;
      }
    }
    byte[] payload = template != null ? template.payload(next) : nextLine();
    next++;
    return payload;
  }

  private byte[] nextLine() throws InterruptedException {
    Optional<byte[]> line = null;
    while (line == null && !stop.asked()) {
      line = lines.poll(STOP_CHECK_MILLIS, TimeUnit.MILLISECONDS);
    }
    byte[] bytes = line == null ? null : line.orElse(null);
    if (bytes != null) {
      room.release(weight(bytes));
    }
    return bytes;
  }

  private static int weight(byte[] line) {
    return Math.min(line.length, BYTES_AHEAD);
  }

  private void put(byte[] line) throws InterruptedException {
    room.acquire(weight(line));
    lines.put(Optional.of(line));
  }

  private void read(InputStream input, long longestLine) {
    try {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      int b;
      while ((b = input.read()) >= 0) {
        if (b == '\n') {
          put(withoutReturn(line.toByteArray()));
          line.reset();
        } else if (line.size() <= longestLine) { // one byte more than fits shows that it does not
          line.write(b);
        }
      }
      if (line.size() > 0) {
        put(line.toByteArray());
      }
      lines.put(Optional.empty());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) { // whatever this thread dies of: the program waits for lines
      stop.fail(new Failure(ExitCode.FAILED, "Cannot read standard input: " + e.getMessage(), e));
    }
  }

  private static byte[] withoutReturn(byte[] line) {
    boolean windows = line.length > 0 && line[line.length - 1] == '\r';
    return windows ? Arrays.copyOf(line, line.length - 1) : line;
  }
}
