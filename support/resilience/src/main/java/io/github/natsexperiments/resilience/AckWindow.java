package io.github.natsexperiments.resilience;

import io.nats.client.JetStreamApiException;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The messages of an {@link IdempotentPublisher} that have no ack yet: a ring of slots, bounded in
 * messages and in bytes. Message n takes slot n modulo the size, with the reply subject of the
 * slot, {@code _INBOX.RUN.17}, which is made once and says what an ack is for.
 *
 * <p>Not thread-safe: the publisher guards it.
 */
final class AckWindow {
  /** A place for one message after the other. */
  static final class Slot {
    String replyTo;
    boolean taken;
    long number;
    String subject;
    byte[] body;
    Headers headers;
    Answer answer; // where somebody waits for it; else null
    long takenAt;
    long sentAt;
    long after; // the last sequence of the stream, as known when this was taken
    int sent; // times
    boolean due; // to be sent, the first time or again
    boolean settling; // its ack is being handled
  }

  /** What a single publish waits for. */
  static final class Answer {
    PublishAck ack;
    JetStreamApiException refusal;
  }

  private final String inbox;
  private final long maxBytes;
  private final Slot[] slots;
  private final Map<String, Slot> slotOf = new HashMap<>(); // by reply subject
  private long replySubjects;
  private long oldest; // the messages from here to next - 1 are on their way
  private long next;
  private long bytes;

  AckWindow(String inbox, int size, long maxBytes, long first) {
    this.inbox = inbox;
    this.maxBytes = maxBytes;
    this.slots = new Slot[size];
    this.oldest = first;
    this.next = first;
    for (int i = 0; i < size; i++) {
      slots[i] = new Slot();
      newReplySubject(slots[i]);
    }
  }

  /** Acks of what was sent so far are not waited for any more. */
  void renew(Slot slot) {
    slotOf.remove(slot.replyTo);
    newReplySubject(slot);
  }

  private void newReplySubject(Slot slot) {
    slot.replyTo = inbox + replySubjects++;
    slotOf.put(slot.replyTo, slot);
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
    return span() < slots.length && (bytes + length <= maxBytes || bytes == 0);
  }

  /** Whether enough has been acknowledged to wake somebody who waits for room. */
  boolean isThreeQuartersFull() {
    return span() > slots.length * 3L / 4 || bytes > maxBytes / 4 * 3;
  }

  /** Leaves out a number. */
  void skip() {
    next++;
    advance();
  }

  Slot take(String subject, byte[] body) {
    Slot slot = slots[(int) (next % slots.length)];
    slot.taken = true;
    slot.number = next++;
    slot.subject = subject;
    slot.body = body;
    slot.takenAt = System.nanoTime();
    bytes += body.length;
    return slot;
  }

  void free(Slot slot) {
    bytes -= slot.body.length;
    slot.taken = false;
    slot.due = false;
    slot.settling = false;
    slot.body = null;
    slot.headers = null;
    slot.answer = null;
    if (slot.sent > 1) {
      // A second ack may still come: it must not be taken for that of the next message here.
      renew(slot);
    }
    slot.sent = 0;
    advance();
  }

  private void advance() {
    while (oldest < next && !slots[(int) (oldest % slots.length)].taken) {
      oldest++;
    }
  }

  /** The slot that an ack on this subject is for; null when it is for none. */
  Slot waitingFor(String replyTo) {
    Slot slot = slotOf.get(replyTo);
    return slot != null && slot.taken ? slot : null;
  }

  /** The messages without an ack, oldest first. */
  List<Slot> pending() {
    List<Slot> pending = new ArrayList<>();
    for (long n = oldest; n < next; n++) {
      Slot slot = slots[(int) (n % slots.length)];
      if (slot.taken) {
        pending.add(slot);
      }
    }
    return pending;
  }
}
