package io.github.natsexperiments.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.github.natsexperiments.resilience.StoredRun;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * Counts what a run sent or received, and what is missing: our publishers number their messages, so
 * a gap in the numbers is a message that was lost. Numbers of anybody else's mean nothing here, so
 * these are the ones that count: {@code Hello #17 from }, the texts of these lessons; any other
 * text with {@code #0} in it, followed by the same with {@code #1}, as {@code --message} makes it;
 * and message ids of the form {@code RUN-17}, where RUN is made by jnats' {@code NUID}, or is the
 * end of one. With ids it also knows what came late and what came twice.
 *
 * <p>One thread adds, any thread may read.
 */
public final class Tally {
  /** A number that stands further back in a payload is not looked for. */
  private static final int LONGEST_SEARCH = 64;

  private static final int MOST_DIGITS = 18;

  private static final Frame OURS =
      new Frame("Hello ".getBytes(US_ASCII), " from ".getBytes(US_ASCII));

  /** What jnats' NUID makes, or the 8 last letters of it: no word, no date and no plain number. */
  private static final Pattern RUN =
      Pattern.compile("(?![A-Z]*\\d*$)(?!.[a-z]*\\d*$)([0-9A-Za-z]{22}|[0-9A-Za-z]{8})");

  private final String verb;
  private final boolean gaps;
  private final AtomicLong messages = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private volatile long started;

  private long last = -1;
  private long missing;
  private Frame frame; // null while nothing is known to be numbered by us
  private Frame perhaps; // that of a message with #0
  private boolean severalPublishers;

  private final Map<String, NumbersSeen> runs = new HashMap<>();
  private String run;
  private NumbersSeen numbers;
  private long duplicated;
  private long givenToOthers;

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
    if (gaps && !severalPublishers) {
      follow(payload);
    }
  }

  /**
   * Counts one message that has an identity.
   *
   * @param id the message's id, as {@code RUN-17}: the 18th of one publisher's run; messages of one
   *     run may come in any order. An id of another form, or null, is no number
   * @return false when it has come before
   */
  public boolean add(byte[] payload, String id) {
    long number = id == null ? -1 : StoredRun.number(id);
    int dash = number < 0 ? -1 : id.lastIndexOf('-');
    if (dash < 0 || !isOurs(id, dash)) {
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
    } else if (late && givenToOthers > 0) {
      givenToOthers--; // one that had been sent to somebody else, or into a dead connection
    }
    return isNew;
  }

  /**
   * Somebody else was given messages, so that as many numbers that do not come here are not
   * missing.
   *
   * @param messages how many more
   */
  public void givenToOthers(long messages) {
    givenToOthers += messages;
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

  private boolean isOurs(String id, int dash) {
    return run != null && run.length() == dash && id.startsWith(run)
        || RUN.matcher(id).region(0, dash).matches();
  }

  /**
   * A single publisher's messages arrive in order and never twice, so numbers only grow. A number
   * that goes back is another publisher's, or the same one's second run: from 0 on it is a new run;
   * anything else means that several publish at once, and gaps mean nothing.
   */
  private void follow(byte[] payload) {
    int hash = 0;
    int end = Math.min(payload.length, LONGEST_SEARCH);
    while (hash < end && payload[hash] != '#') {
      hash++;
    }
    int after = hash + 1;
    long number = 0;
    while (after < payload.length && payload[after] >= '0' && payload[after] <= '9') {
      number = number * 10 + payload[after++] - '0';
    }
    int digits = after - hash - 1;
    if (digits < 1 || digits > MOST_DIGITS || !isNumbered(payload, hash, after, number)) {
      return;
    }
    if (number > last) {
      missing += last < 0 ? 0 : number - last - 1;
    } else if (number != 0) {
      severalPublishers = true;
    }
    last = number;
  }

  private boolean isNumbered(byte[] payload, int hash, int after, long number) {
    if (frame == null) {
      if (OURS.fits(payload, hash, after)) {
        frame = OURS;
      } else if (number == 1 && perhaps != null && perhaps.fits(payload, hash, after)) {
        frame = perhaps;
        last = 0;
      } else {
        perhaps = number == 0 ? Frame.of(payload, hash, after) : null;
      }
    }
    return frame != null && frame.fits(payload, hash, after);
  }

  /** What stands around the number: all before the {@code #}, and a little behind the digits. */
  private record Frame(byte[] before, byte[] behind) {
    private static final int BEHIND = 8;

    static Frame of(byte[] payload, int hash, int after) {
      return new Frame(
          Arrays.copyOf(payload, hash),
          Arrays.copyOfRange(payload, after, Math.min(after + BEHIND, payload.length)));
    }

    boolean fits(byte[] payload, int hash, int after) {
      return hash == before.length
          && payload.length - after >= behind.length
          && Arrays.equals(before, 0, hash, payload, 0, hash)
          && Arrays.equals(behind, 0, behind.length, payload, after, after + behind.length);
    }
  }

  /** Messages counted so far. */
  public long messages() {
    return messages.getAcquire();
  }

  /**
   * Whether the numbers show that messages were lost; to be called when nothing is added any more.
   */
  public boolean hasMissing() {
    return isNumbered() && missing() > 0;
  }

  /** How many messages came that had come before; known for messages with an id only. */
  public long duplicated() {
    return duplicated;
  }

  private boolean isNumbered() {
    return gaps && (frame != null || numbers != null) && !severalPublishers;
  }

  private long missing() {
    long holes = 0;
    for (NumbersSeen each : runs.values()) {
      holes += each.missing();
    }
    return missing + Math.max(0, holes - givenToOthers);
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
   * message to the last, rate; missing and duplicated where the numbers show it. To be called when
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
    if (isNumbered()) {
      line.append(", missing ").append(missing()).append(", duplicated ").append(duplicated);
    } else if (gaps && count > 0) {
      line.append(severalPublishers ? ", numbered by several publishers" : ", not numbered");
    }
    return line.toString();
  }
}
