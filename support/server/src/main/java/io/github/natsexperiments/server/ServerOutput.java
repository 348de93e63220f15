package io.github.natsexperiments.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The last lines a nats-server wrote; all go to the logger {@code nats-server} at level debug. */
final class ServerOutput {
  private static final Logger LOG = LoggerFactory.getLogger("nats-server");
  private static final int KEPT = 200;
  private static final int END_MILLIS = 1000;

  private final Deque<String> lines = new ArrayDeque<>();
  private final Thread reader;

  ServerOutput(BufferedReader in) {
    reader = new Thread(() -> read(in), "nats-server output");
    reader.setDaemon(true);
    reader.start();
  }

  private void read(BufferedReader in) {
    try (in) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        add(line);
        LOG.debug("{}", line);
      }
    } catch (IOException e) {
      LOG.debug("what nats-server prints cannot be read any more: {}", e.toString());
    }
  }

  private synchronized void add(String line) {
    lines.add(line);
    if (lines.size() > KEPT) {
      lines.remove();
    }
  }

  synchronized boolean contains(String text) {
    return lines.stream().anyMatch(line -> line.contains(text));
  }

  synchronized void clear() {
    lines.clear();
  }

  /** Lets an ended server's last lines come in. */
  void awaitEnd() throws InterruptedIOException {
    try {
      reader.join(END_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while reading what nats-server printed");
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
}
