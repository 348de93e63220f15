package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Publishes to JetStream without waiting for the ack of one message before it sends the next: a
 * whole window of messages may be on its way, and each is followed until its ack has come.
 *
 * <p>{@code JetStream.publishAsync} can do that, too; it makes a future, a reply subject and a map
 * entry for every message. Here the acks come to <em>one</em> private inbox with one {@link
 * Dispatcher}. The window is a ring of slots. Message n of the run takes slot n modulo the size, as
 * soon as the message before it in that slot is acknowledged, and carries the slot's reply subject,
 * made once: {@code _INBOX.RUN.17}. So the subject on which an ack comes says what it is for.
 *
 * <p>What keeps each message from being lost, and from being stored twice:
 *
 * <ul>
 *   <li>{@link #publish} waits while the window is full: what overruns the server's queue is
 *       dropped, and an unbounded window would end up in an unbounded memory.
 *   <li>What has no ack in time, and all that was on its way when the connection broke, is sent
 *       again, with the same {@code Nats-Msg-Id}: if only the ack was lost, the server answers
 *       "duplicate" and keeps one.
 *   <li>Sent again means: in the order of the first sending, and before anything new.
 *   <li>A message that was sent again can get two acks. Its slot takes a new reply subject
 *       afterwards, so that the second is not taken for the ack of the next message there.
 *   <li>A refusal, as from a full stream, is final and goes to the {@link Listener}.
 * </ul>
 *
 * <p>One thread publishes. The listener is called on the dispatcher's thread.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive">NATS
 *     documentation: message deduplication</a>
 */
final class PublishWindow implements MessageHandler, AutoCloseable {
  private static final long CHECK_MILLIS = 100;
  private static final long RETRY_NANOS = 250_000_000;
  private static final int MOST_DOUBLINGS = 3;
  private static final long NEVER = -1;
  private static final long REST_NANOS = 100_000;
  private static final long MANY = 500;

  /** What becomes of the messages, and what to do when something goes wrong. */
  interface Listener {
    /**
     * The stream has the message.
     *
     * @param ack what it says; valid during this call
     */
    void stored(byte[] payload, AckReader ack);

    /** The stream does not take the message. */
    void refused(long number, JetStreamApiException reason);

    /**
     * Something has to be sent again. Called on a thread of its own, and what it throws ends the
     * run.
     *
     * @param messages how many
     */
    void sendingAgain(int messages) throws Failure;
  }

  /** A place in the window, for one message after the other. */
  private static final class Slot {
    String replyTo;
    boolean taken;
    long number;
    byte[] payload;
    Headers headers;
    long sentAt;
    boolean due; // to be sent again
    int sentAgain; // times
  }

  private final Connection connection;
  private final String subject;
  private final long ackTimeoutNanos;
  private final MessageIds ids;
  private final Stop stop;
  private final Listener listener;
  private final Dispatcher acks;
  private final AckReader ack = new AckReader();
  private final String inbox;

  // From here on guarded by this. The messages from oldest to next - 1 are on their way.
  private final Slot[] slots;
  private final Map<String, Slot> slotOf = new HashMap<>(); // by reply subject
  private long oldest;
  private long next;
  private boolean anyDue;
  private long retryAt;
  private long reconnects;
  private long replySubjects;
  private long wakeAt = NEVER; // this many on their way
  private boolean closed;
  private Failure failure;

  /**
   * Opens a window.
   *
   * @param run a name that no other run has, in ASCII: that of the inbox, and what the ids of the
   *     messages begin with
   * @param size most messages on their way
   * @param ackTimeout after which a message is sent again; the double after that, and so on up to
   *     eight times, so that a server that hangs is not buried
   * @param stop ends the waiting for room
   */
  PublishWindow(
      Connection connection,
      String subject,
      String run,
      int size,
      Duration ackTimeout,
      Stop stop,
      Listener listener) {
    this.connection = connection;
    this.subject = subject;
    this.ids = new MessageIds(run);
    this.ackTimeoutNanos = ackTimeout.toNanos();
    this.stop = stop;
    this.listener = listener;
    this.reconnects = connection.getStatistics().getReconnects();
    // createInbox() makes a name of 22 characters. Each ack carries it, and both sides read it.
    this.inbox = connection.getOptions().getInboxPrefix() + run + '.';
    this.slots = new Slot[size];
    for (int i = 0; i < size; i++) {
      slots[i] = new Slot();
      newReplySubject(slots[i]);
    }
    this.acks = connection.createDispatcher(this).subscribe(inbox + '>');
    Thread resender = new Thread(this::sendAgain, "send-again");
    resender.setDaemon(true);
    resender.start();
  }

  /**
   * Sends a message as soon as there is room for it.
   *
   * @return false when the run shall end; the message has not been sent then
   * @throws Failure what a listener threw, or that the connection is closed
   * @throws IllegalArgumentException when it is larger than the server takes
   */
  boolean publish(byte[] payload) throws Failure, InterruptedException {
    Slot slot;
    String replyTo;
    Headers headers;
    synchronized (this) {
      while (!hasRoom()) {
        if (stop.asked()) {
          return false;
        }
        awaitChange(slots.length * 3L / 4);
      }
      slot = slots[(int) (next % slots.length)];
      slot.taken = true;
      slot.number = next++;
      slot.payload = payload;
      slot.headers = ids.headers(slot.number);
      slot.sentAt = System.nanoTime();
      slot.sentAgain = 0;
      replyTo = slot.replyTo;
      headers = slot.headers;
    }
    try {
      connection.publish(subject, replyTo, headers, payload);
    } catch (IllegalArgumentException e) {
      free(slot);
      throw e;
    } catch (IllegalStateException e) {
      // jnats' own queue is full, or the connection closed: without an ack, it will be sent again.
    }
    return true;
  }

  /**
   * Waits for the acks of all messages.
   *
   * @param limit how long, once the run shall end; without limit before
   * @return how many have none: they may be stored or not
   */
  synchronized long awaitAcks(Duration limit) throws Failure, InterruptedException {
    long deadline = 0;
    while (oldest < next) {
      if (stop.asked() && deadline == 0) {
        deadline = System.nanoTime() + limit.toNanos();
      }
      if (deadline != 0 && System.nanoTime() - deadline > 0) {
        break;
      }
      check();
      awaitChange(0);
    }
    return next - oldest;
  }

  private boolean hasRoom() throws Failure {
    check();
    noticeReconnect();
    // While the server is away nothing new is sent either: jnats would keep it, and send it before
    // what was lost on the way.
    return next - oldest < slots.length
        && !anyDue
        && connection.getStatus() == Connection.Status.CONNECTED;
  }

  private void check() throws Failure {
    if (failure != null) {
      throw failure;
    }
    if (connection.getStatus() == Connection.Status.CLOSED) {
      throw new Failure(ExitCode.FAILED, "The connection is closed: " + connection.getLastError());
    }
  }

  /**
   * Waits until few enough are on their way, something else happens, or it is time to look. To wake
   * the publisher for each single ack would cost more than the message that it sends then.
   */
  private void awaitChange(long onTheirWay) throws InterruptedException {
    wakeAt = onTheirWay;
    wait(CHECK_MILLIS);
    wakeAt = NEVER;
  }

  /** Takes an ack. */
  @Override
  public void onMessage(Message reply) {
    settle(reply);
    if (acks.getPendingMessageCount() == 0 && onTheirWay() >= MANY) {
      // The acks come one by one. To put this thread to sleep and to wake it for each would cost
      // more than the ack does; after a moment there are some more. With few on their way the
      // server would run out of work meanwhile.
      LockSupport.parkNanos(REST_NANOS);
    }
  }

  private void settle(Message reply) {
    Slot slot = waitingFor(reply.getSubject());
    if (slot == null) {
      return; // the second ack of a message that was sent again
    }
    if (reply.isStatusMessage()) {
      // 503: nobody listens there, the stream may be gone. 429: too many at once.
      sendLater(slot);
      return;
    }
    try {
      ack.read(reply);
      listener.stored(slot.payload, ack);
      free(slot);
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.passes(e)) {
        sendLater(slot);
      } else if (e.getApiErrorCode() > 0) {
        listener.refused(slot.number, e);
        free(slot);
      }
      // else somebody who is no stream has answered, like lesson 1's subscriber --reply
    } catch (IOException e) {
      // the same, in JSON
    }
  }

  private synchronized long onTheirWay() {
    return next - oldest;
  }

  private synchronized Slot waitingFor(String replyTo) {
    Slot slot = slotOf.get(replyTo);
    return slot != null && slot.taken ? slot : null;
  }

  private void newReplySubject(Slot slot) {
    slot.replyTo = inbox + replySubjects++;
    slotOf.put(slot.replyTo, slot);
  }

  private synchronized void free(Slot slot) {
    slot.taken = false;
    slot.due = false;
    slot.payload = null;
    slot.headers = null;
    if (slot.sentAgain > 0) {
      slotOf.remove(slot.replyTo);
      newReplySubject(slot);
    }
    while (oldest < next && !slots[(int) (oldest % slots.length)].taken) {
      oldest++;
    }
    if (next - oldest <= wakeAt) {
      notifyAll();
    }
  }

  private synchronized void sendLater(Slot slot) {
    slot.due = true;
    if (!anyDue) {
      anyDue = true;
      retryAt = System.nanoTime() + RETRY_NANOS;
    }
  }

  /** After a reconnect nobody knows what of that on its way has arrived. */
  private void noticeReconnect() {
    long now = connection.getStatistics().getReconnects();
    if (now != reconnects) {
      reconnects = now;
      for (long n = oldest; n < next; n++) {
        Slot slot = slots[(int) (n % slots.length)];
        slot.due = slot.taken;
        anyDue |= slot.taken;
      }
      retryAt = System.nanoTime();
      notifyAll();
    }
  }

  /** The work of the second thread. */
  private void sendAgain() {
    try {
      List<Slot> due;
      while ((due = awaitDue()) != null) {
        listener.sendingAgain(due.size());
        sendAgain(due);
      }
    } catch (Failure e) {
      synchronized (this) {
        failure = e;
        notifyAll();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for something to send again; null when the window is closed. */
  private synchronized List<Slot> awaitDue() throws InterruptedException {
    List<Slot> due = new ArrayList<>();
    while (!closed && due.isEmpty()) {
      wait(CHECK_MILLIS);
      if (connection.getStatus() != Connection.Status.CONNECTED) {
        continue;
      }
      noticeReconnect();
      long now = System.nanoTime();
      for (long n = oldest; n < next; n++) {
        Slot slot = slots[(int) (n % slots.length)];
        long patience = ackTimeoutNanos << Math.min(slot.sentAgain, MOST_DOUBLINGS);
        if (slot.taken && now - slot.sentAt > patience) {
          sendLater(slot);
        }
        if (slot.due && now - retryAt >= 0) {
          due.add(slot);
        }
      }
    }
    return closed ? null : due;
  }

  private synchronized void sendAgain(List<Slot> due) {
    anyDue = false;
    for (Slot slot : due) {
      if (slot.due) { // no ack has come meanwhile
        slot.due = false;
        slot.sentAgain++;
        slot.sentAt = System.nanoTime();
        try {
          connection.publish(subject, slot.replyTo, slot.headers, slot.payload);
        } catch (IllegalStateException e) {
          sendLater(slot);
        }
      }
    }
    notifyAll();
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
    if (connection.getStatus() != Connection.Status.CLOSED) {
      connection.closeDispatcher(acks);
    }
  }
}
