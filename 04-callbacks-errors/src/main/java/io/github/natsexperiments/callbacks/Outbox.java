package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.PublishOptions;
import io.nats.client.StreamContext;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * Keeps every message until the stream has acknowledged it, and sends it again until then.
 *
 * <p>A publish without an acknowledgement is neither stored nor lost: nobody knows. So when acks
 * stay away, this waits until the server answers, reads in the stream which of the messages are
 * there, and sends the others again with the same message id. Should one that was thought lost
 * still arrive, the server recognises the id, and stores it once.
 *
 * <p>The memory is bounded: when the oldest message without an acknowledgement is {@code window}
 * messages behind, {@link #send} waits.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive">NATS
 *     documentation: exactly-once publishing with message ids</a>
 */
final class Outbox implements AutoCloseable {
  private static final Duration ACK_LIMIT = Duration.ofSeconds(2);
  private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(1);
  private static final long LOOK_MILLIS = 50;

  private final Connection connection;
  private final JetStream jetStream;
  private final StreamContext stream;
  private final String subject;
  private final String run;
  private final int window;
  private Tally stored;
  private Console console;
  private ConnectionEvents events;
  private Stop stop;

  private final NavigableMap<Long, Entry> entries = new TreeMap<>();
  private long lastSequence;
  private Duration backoff = FIRST_BACKOFF;
  private boolean suspect;
  private boolean recovering;
  private boolean closed;
  private Exception failure;

  /** A message without an acknowledgement. */
  private static final class Entry {
    final long number;
    final byte[] payload;
    final long after; // the stream's last sequence, as known when this was first sent
    long sentAt;
    boolean failed;

    Entry(long number, byte[] payload, long after) {
      this.number = number;
      this.payload = payload;
      this.after = after;
    }
  }

  /**
   * @param run begins the ids of the messages, its number ends them
   * @param window messages without acknowledgement at a time
   */
  Outbox(Connection connection, StreamContext stream, String subject, String run, int window)
      throws IOException, JetStreamApiException {
    this.connection = connection;
    this.jetStream = connection.jetStream();
    this.stream = stream;
    this.subject = subject;
    this.run = run;
    this.window = window;
    this.lastSequence = stream.getStreamInfo().getStreamState().getLastSequence();
  }

  /**
   * Begins to look after what is sent.
   *
   * @param stored counts what is acknowledged
   * @param stop is asked to end the run when the server refuses a message
   */
  void start(Tally stored, Console console, ConnectionEvents events, Stop stop) {
    this.stored = stored;
    this.console = console;
    this.events = events;
    this.stop = stop;
    Thread keeper = new Thread(this::keep, "outbox");
    keeper.setDaemon(true);
    keeper.start();
  }

  /** Sends a message, when there is room for one more; not when the run shall end meanwhile. */
  synchronized void send(long number, byte[] payload) throws InterruptedException {
    while (recovering || isFull(number)) {
      if (stop.asked()) {
        return;
      }
      wait(LOOK_MILLIS);
    }
    Entry entry = new Entry(number, payload, lastSequence);
    entries.put(number, entry);
    transmit(entry);
  }

  private boolean isFull(long number) {
    return !entries.isEmpty() && number - entries.firstKey() >= window;
  }

  private void transmit(Entry entry) {
    entry.sentAt = System.nanoTime();
    entry.failed = false;
    PublishOptions options = PublishOptions.builder().messageId(run + "-" + entry.number).build();
    try {
      jetStream
          .publishAsync(subject, entry.payload, options)
          .whenComplete(
              (ack, thrown) -> {
                if (thrown == null) {
                  acknowledged(entry, ack.getSeqno(), ack.isDuplicate());
                } else {
                  failed(entry, thrown);
                }
              });
    } catch (IllegalStateException e) {
      entry.failed = true; // not connected, and the options say not to queue it
    } catch (IllegalArgumentException e) {
      entries.remove(entry.number); // larger than the server takes
      fail(new Failure(ExitCode.FAILED, "#" + entry.number + " not sent: " + e.getMessage(), e));
    }
  }

  private synchronized void acknowledged(Entry entry, long sequence, boolean duplicate) {
    if (entries.remove(entry.number, entry)) {
      lastSequence = Math.max(lastSequence, sequence);
      backoff = FIRST_BACKOFF;
      stored.add(entry.payload);
      console.acked(stream.getStreamName(), sequence, duplicate ? "duplicate = \"true\"" : "");
      notifyAll();
    }
  }

  /** Told apart: the server has refused the message, or nobody knows what became of it. */
  private synchronized void failed(Entry entry, Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null
        && (cause instanceof CompletionException || cause.getClass() == RuntimeException.class)) {
      cause = cause.getCause();
    }
    if (cause instanceof JetStreamApiException refusal && !Diagnosis.passes(refusal)) {
      if (entries.remove(entry.number, entry)) {
        console.warn("Refused: " + run + "-" + entry.number + ": " + refusal.getMessage());
        fail(refusal);
      }
    } else {
      // 503 No Responders, a cancelled or timed out request: to be sent again.
      entry.failed = true;
    }
    notifyAll();
  }

  private void fail(Exception e) {
    if (failure == null) {
      failure = e;
      stop.ask(Stop.Reason.DONE);
    }
    notifyAll();
  }

  /** The connection was away: what had been sent may never have arrived. */
  synchronized void suspectAll() {
    suspect = true;
    notifyAll();
  }

  /** Runs in a thread of its own: looks after the oldest message without acknowledgement. */
  private void keep() {
    try {
      while (awaitSuspicion()) {
        recover();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean awaitSuspicion() throws InterruptedException {
    while (!closed) {
      Entry oldest = entries.isEmpty() ? null : entries.firstEntry().getValue();
      if (oldest == null) {
        suspect = false;
      } else if (suspect
          || oldest.failed
          || System.nanoTime() - oldest.sentAt > ACK_LIMIT.toNanos()) {
        recovering = true;
        return true;
      }
      wait(LOOK_MILLIS);
    }
    return false;
  }

  /** Asks the stream again and again, with growing pauses, then settles or sends each message. */
  private void recover() throws InterruptedException {
    long since = System.nanoTime();
    boolean told = false;
    while (true) {
      long after;
      synchronized (this) {
        if (!suspect) {
          wait(backoff.toMillis());
          Duration longer = backoff.multipliedBy(2);
          backoff = longer.compareTo(LONGEST_BACKOFF) < 0 ? longer : LONGEST_BACKOFF;
        }
        suspect = false;
        if (closed || failure != null || entries.isEmpty()) {
          if (told && !closed && failure == null) {
            events.tell(
                "answer", connection, "after %d ms; every ack has come".formatted(millis(since)));
          }
          recovering = false;
          notifyAll();
          return;
        }
        after = entries.firstEntry().getValue().after;
      }
      try {
        StoredRun there = StoredRun.read(stream, subject, run, after);
        resend(there, since);
        return;
      } catch (JetStreamApiException e) {
        if (!Diagnosis.passes(e)) {
          synchronized (this) {
            fail(e); // the stream has gone: no use in trying again
          }
        }
      } catch (IOException | IllegalStateException e) {
        if (!told && System.nanoTime() - since > ACK_LIMIT.toNanos()) {
          told = true;
          events.tell("no answer", connection, "without ack: " + waiting());
        }
      }
    }
  }

  private synchronized void resend(StoredRun there, long since) {
    int of = entries.size();
    List<Entry> missing = new ArrayList<>();
    for (Entry entry : List.copyOf(entries.values())) {
      Long sequence = there.sequences().get(entry.number);
      if (sequence != null) {
        acknowledged(entry, sequence, true);
      } else {
        missing.add(entry);
      }
    }
    events.tell(
        "answer",
        connection,
        "after %d ms; without ack: %d, of these stored: %d, sent again: %d"
            .formatted(millis(since), of, of - missing.size(), missing.size()));
    missing.forEach(this::transmit);
    recovering = false;
    notifyAll();
  }

  private static long millis(long since) {
    return (System.nanoTime() - since) / 1_000_000;
  }

  /** How many messages have no acknowledgement. */
  synchronized int waiting() {
    return entries.size();
  }

  /** Why the server refuses messages; null when it does not. */
  synchronized Exception failure() {
    return failure;
  }

  /**
   * Waits until every message is acknowledged, or refused.
   *
   * @return false when the time was not enough
   */
  synchronized boolean await(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (!entries.isEmpty() && !closed) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        return false;
      }
      wait(Math.min(left, LOOK_MILLIS));
    }
    return true;
  }

  /** Forgets what is not acknowledged. */
  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
