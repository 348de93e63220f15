package io.github.natsexperiments.resilience;

import io.nats.client.JetStreamApiException;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The messages of an {@link IdempotentPublisher} that have no ack yet: a ring, bounded in messages
 * and in bytes. Message n takes place n modulo the next power of two. Each place has a reply
 * subject, {@code _INBOX.RUN.17}, which is made once and says what an ack is for.
 *
 * <p>Guarded by the publisher; {@link #waitingFor} and {@link #contains} may be called without.
 */
final class AckWindow {
  /** A message on its way. */
  static final class InFlight {
    final long number;
    final String subject;
    final Headers headers;
    final byte[] body;
    final boolean awaited; // a caller waits for its ack
    final long after; // the last sequence of the stream, as known when this was taken
    final long takenAt = System.nanoTime();
    String replyTo; // changes under the lock; to read the one before does no harm
    // Guarded by the publisher.
    long sentAt;
    int sent; // times
    boolean due; // to be sent, the first time or again
    PublishAck ack;
    JetStreamApiException refusal;

    InFlight(
        long number, String subject, Headers headers, byte[] body, boolean awaited, long after) {
      this.number = number;
      this.subject = subject;
      this.headers = headers;
      this.body = body;
      this.awaited = awaited;
      this.after = after;
    }
  }

  private final String inbox;
  private final int size;
  private final int mask; // of a power of two, as a remainder would cost more
  private final long maxBytes;
  private final AtomicReferenceArray<InFlight> places;
  private final String[] replyTo;
  private long renewed;
  private long oldest; // the messages from here to next - 1 are on their way
  private long next;
  private long bytes;

  AckWindow(String inbox, int size, long maxBytes, long first) {
    this.inbox = inbox;
    this.size = size;
    this.maxBytes = maxBytes;
    int capacity = Integer.highestOneBit(2 * size - 1);
    this.mask = capacity - 1;
    this.places = new AtomicReferenceArray<>(capacity);
    this.replyTo = new String[capacity];
    this.oldest = first;
    this.next = first;
    for (int i = 0; i < capacity; i++) {
      replyTo[i] = inbox + i;
    }
  }

  private int place(long number) {
    return (int) number & mask;
  }

  /** The number of the next message. */
  long next() {
    return next;
  }

  /** How many messages have no ack, those settled out of turn among them. */
  long span() {
    return next - oldest;
  }

  /** Whether a message fits; a single one does whatever its size. */
  boolean hasRoom(int length) {
    return span() < size && (bytes + length <= maxBytes || bytes == 0);
  }

  /** Whether enough has been acknowledged to wake a caller that waits for room. */
  boolean isThreeQuartersFull() {
    return span() > size * 3L / 4 || bytes > maxBytes / 4 * 3;
  }

  /** Leaves out a number. */
  void skip() {
    next++;
    advance();
  }

  /** Adds the message with the next number. */
  void add(InFlight message) {
    message.replyTo = replyTo[place(next)];
    places.setRelease(place(next++), message);
    bytes += message.body.length;
  }

  void remove(InFlight message) {
    if (message.sent > 1) {
      renew(message); // a second ack may still come: it must not be taken for that of the next
    }
    places.setRelease(place(message.number), null);
    bytes -= message.body.length;
    advance();
  }

  private void advance() {
    while (oldest < next && places.get(place(oldest)) == null) {
      oldest++;
    }
  }

  /** Acks of what was sent so far are not waited for any more. */
  void renew(InFlight message) {
    int place = place(message.number);
    replyTo[place] = inbox + (place + ++renewed * replyTo.length);
    message.replyTo = replyTo[place];
  }

  /** The message that an ack on this subject is for; null when it is for none. */
  InFlight waitingFor(String subject) {
    try {
      long reply = Long.parseLong(subject, inbox.length(), subject.length(), 10);
      InFlight message = places.getAcquire(place(reply));
      return message != null && message.replyTo.equals(subject) ? message : null;
    } catch (NumberFormatException e) {
      return null; // not from a stream
    }
  }

  boolean contains(InFlight message) {
    return places.getAcquire(place(message.number)) == message;
  }

  /** The messages without an ack, oldest first. */
  List<InFlight> pending() {
    List<InFlight> pending = new ArrayList<>();
    for (long n = oldest; n < next; n++) {
      InFlight message = places.getAcquire(place(n));
      if (message != null) {
        pending.add(message);
      }
    }
    return pending;
  }
}
