package io.github.natsexperiments.server;

import io.nats.Output;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the last lines a nats-server writes, and passes them to the logger {@code nats-server} at
 * level debug. The runner hands over the server's own lines as suppliers, from one thread, and its
 * own remarks as strings, which nobody needs.
 */
final class ServerOutput implements Output {

  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger("nats-server");
  private static final int KEPT = 200;
  private static final int END_MILLIS = 1000;

  private final Deque<String> lines = new ArrayDeque<>();
  private Thread reader;

  @Override
  public synchronized void info(Supplier<String> line) {
    reader = Thread.currentThread();
    lines.add(line.get());
    if (lines.size() > KEPT) {
      lines.remove();
    }
    LOG.debug("{}", line.get());
  }

  synchronized boolean contains(String text) {
    return lines.stream().anyMatch(line -> line.contains(text));
  }

  synchronized void clear() {
    lines.clear();
  }

  /** Whether the server wrote something and has closed its output, so: whether it has ended. */
  synchronized boolean ended() {
    return reader != null && !reader.isAlive();
  }

  /** Lets an ended server's last lines come in. */
  void awaitEnd() throws InterruptedIOException {
    Thread last;
    synchronized (this) {
      last = reader;
    }
    if (last != null) {
      try {
        last.join(END_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while reading what nats-server printed");
      }
    }
  }

  /** The line that says why the server ended or refused, without time and level. */
  synchronized String error() {
    String error = "it said nothing";
    for (String line : lines) {
      for (String mark : new String[] {"[FTL] ", "[ERR] ", "nats-server: "}) {
        if (line.contains(mark)) {
          error = line.substring(line.indexOf(mark) + mark.length());
        }
      }
    }
    return error;
  }

  @Override
  public void info(String remark) {}

  @Override
  public void warning(Supplier<String> remark) {}

  @Override
  public void warning(String remark) {}

  @Override
  public void error(Supplier<String> remark) {}

  @Override
  public void error(String remark) {}

  @Override
  public void setLevel(Level level) {}

  @Override
  public boolean isLogger() {
    return false;
  }

  @Override
  public Logger getLogger() {
    return null;
  }
}
