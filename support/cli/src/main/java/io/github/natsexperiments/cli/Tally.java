package io.github.natsexperiments.cli;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts what a run sent or received, and what is missing: the publishers number their messages
 * ({@code #0}, {@code #1}, …), so a gap in the numbers is a message that was lost. Where messages
 * carry an id that ends in {@code -} and the number, it also knows what came late and what came
 * twice.
 *
 * <p>One thread adds, any thread may read.
 */
public final class Tally {
  /** A number that stands further back in a payload is not looked for. */
  private static final int LONGEST_SEARCH = 64;

  private static final int MOST_DIGITS = 18;

  private final String verb;
  private final boolean gaps;
  private final AtomicLong messages = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private volatile long started;

  private long last = -1;
  private long missing;
  private boolean numbered;
  private boolean untellable;

  private final Map<String, NumbersSeen> runs = new HashMap<>();
  private String run;
  private NumbersSeen numbers;
  private long duplicated;
  private long elsewhere;

  private long seen;
  private long lastChange = System.nanoTime();

  private Progress bar;

  Tally(String verb, boolean gaps) {
    this.verb = verb;
    this.gaps = gaps;
  }

  /** Shows a bar on the terminal until the summary is asked for. */
  Tally withBar(long count) {
    bar = new Progress(verb, count, this);
    return this;
  }

  /** Counts one message. */
  public void add(byte[] payload) {
    count(payload);
    if (gaps && !untellable) {
      follow(number(payload));
    }
  }

  /**
   * Counts one message that has an identity.
   *
   * @param id the message's id, as {@code RUN-17}: the 18th of one publisher's run; messages of one
   *     run may come in any order. An id of another form, or null, tells nothing
   * @return false when it has come before
   */
  public boolean add(byte[] payload, String id) {
    int dash = id == null ? -1 : id.lastIndexOf('-');
    long number = dash < 0 ? -1 : digits(id, dash + 1);
    if (number < 0) {
      add(payload);
      return true;
    }
    count(payload);
    if (run == null || run.length() != dash || !id.startsWith(run)) {
      run = id.substring(0, dash);
      numbers = runs.computeIfAbsent(run, absent -> new NumbersSeen(number));
    }
    boolean late = number < numbers.last();
    boolean isNew = numbers.add(number);
    if (!isNew) {
      duplicated++;
    } else if (late && elsewhere > 0) {
      elsewhere--; // one that had been sent to somebody else, or into a dead connection
    }
    return isNew;
  }

  /**
   * Somebody else was given messages, so that as many numbers that do not come here are not
   * missing.
   *
   * @param messages how many more
   */
  public void elsewhere(long messages) {
    elsewhere += messages;
  }

  private void count(byte[] payload) {
    long before = messages.getPlain();
    if (before == 0) {
      started = System.nanoTime();
    }
    // One writer: a release is enough for the readers, and costs nothing where an atomic add would.
    messages.setRelease(before + 1);
    bytes.setRelease(bytes.getPlain() + payload.length);
  }

  /**
   * A single publisher's messages arrive in order and never twice, so numbers only grow. A number
   * that goes back is another publisher's, or the same one's second run: from 0 on it is a new run;
   * anything else means that several publish at once, and gaps mean nothing.
   */
  private void follow(long number) {
    if (number < 0) {
      return;
    }
    if (number > last) {
      missing += numbered ? number - last - 1 : 0;
    } else if (number != 0) {
      untellable = true;
    }
    numbered = true;
    last = number;
  }

  /** The digits after the first {@code #}, or -1. */
  private static long number(byte[] payload) {
    int end = Math.min(payload.length, LONGEST_SEARCH);
    int at = 0;
    while (at < end && payload[at] != '#') {
      at++;
    }
    long number = 0;
    int first = ++at;
    while (at < payload.length && payload[at] >= '0' && payload[at] <= '9') {
      number = number * 10 + payload[at++] - '0';
    }
    return at > first && at - first <= MOST_DIGITS ? number : -1;
  }

  /** The number at the end of an id, or -1. */
  private static long digits(String id, int from) {
    long number = 0;
    for (int at = from; at < id.length(); at++) {
      char c = id.charAt(at);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = number * 10 + c - '0';
    }
    return from < id.length() && id.length() - from <= MOST_DIGITS ? number : -1;
  }

  /** Messages counted so far. */
  public long messages() {
    return messages.getAcquire();
  }

  /**
   * Whether the numbers tell that messages were lost; to be asked when nothing is added any more.
   */
  public boolean hasMissing() {
    return tells() && missing() > 0;
  }

  /** How many messages came that had come before; known for messages with an id only. */
  public long duplicated() {
    return duplicated;
  }

  private boolean tells() {
    return gaps && (numbered || numbers != null) && !untellable;
  }

  private long missing() {
    long holes = 0;
    for (NumbersSeen each : runs.values()) {
      holes += each.missing();
    }
    return missing + Math.max(0, holes - elsewhere);
  }

  /** What happened before, such as the connect, is not the time that nothing came. */
  void waitFromNow() {
    if (messages() == 0) {
      lastChange = System.nanoTime();
    }
  }

  /** How long nothing has been counted, as seen by the one thread that asks again and again. */
  Duration idle() {
    long now = System.nanoTime();
    long count = messages();
    if (count != seen) {
      seen = count;
      lastChange = now;
    }
    return Duration.ofNanos(now - lastChange);
  }

  /**
   * Ends the progress bar and gives the summary line: messages, bytes, seconds from the first
   * message to the last, rate; missing and duplicated where the numbers tell. To be asked when
   * nothing is added any more.
   */
  public String summary() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
    long count = messages();
    long nanos = count == 0 ? 0 : System.nanoTime() - idle().toNanos() - started;
    long millis = nanos / 1_000_000;
    StringBuilder line =
        new StringBuilder(verb)
            .append(' ')
            .append(count)
            .append(count == 1 ? " message, " : " messages, ")
            .append(bytes.getAcquire())
            .append(" bytes in ")
            .append(millis / 1000)
            .append('.')
            .append(String.valueOf(1000 + millis % 1000), 1, 4)
            .append(" s");
    if (count > 1 && nanos > 0) {
      line.append(" (").append(Math.round(count * 1e9 / nanos)).append(" messages/s)");
    }
    if (tells()) {
      line.append(", missing ").append(missing()).append(", duplicated ").append(duplicated);
    }
    return line.toString();
  }
}
