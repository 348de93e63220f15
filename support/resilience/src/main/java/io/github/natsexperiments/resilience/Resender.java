package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.AckWindow.Slot;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.impl.Headers;
import io.nats.client.support.NatsJetStreamConstants;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread of an {@link IdempotentPublisher} that looks after the messages without an ack: it
 * sends again what is due, and tells the listener when a silence has lasted too long and when it is
 * over.
 */
final class Resender extends Thread {
  private static final long CHECK_NANOS = 100_000_000;
  private static final int MOST_DOUBLINGS = 3;
  private static final Duration ANSWER = Duration.ofSeconds(1);

  /** A message in doubt. */
  record InDoubt(Slot slot, long number, String subject, long after) {}

  private final IdempotentPublisher publisher;
  private final PublisherBuilder settings;
  private final PublishListener listener;

  // The silence that it is in.
  private long since;
  private boolean told;
  private int found;
  private int sentAgain;

  Resender(IdempotentPublisher publisher) {
    super("publish-again");
    setDaemon(true);
    this.publisher = publisher;
    this.settings = publisher.settings;
    this.listener = settings.listener;
  }

  @Override
  public void run() {
    try {
      while (lookAfter()) {
        LockSupport.parkNanos(this, CHECK_NANOS);
      }
    } catch (Throwable e) { // whatever this thread dies of: somebody waits for acks
      publisher.fail(e);
    }
  }

  /** Ends this thread, and waits until it has ended. */
  void end() throws InterruptedException {
    interrupt();
    if (Thread.currentThread() != this) {
      join(ANSWER.toMillis());
    }
  }

  /** Returns false when the publisher has ended. */
  private boolean lookAfter() throws IOException, JetStreamApiException, InterruptedException {
    int pending;
    int due = 0;
    int doubtful = 0;
    boolean late = false;
    boolean ready;
    String reason;
    synchronized (publisher) {
      boolean over = settings.inOrder == null && publisher.link.isClosed();
      if (publisher.end.isClosed() || publisher.end.hasFailed() || over) {
        publisher.notifyAll(); // who waits finds out why
        return false;
      }
      publisher.noticeReconnect();
      long now = System.nanoTime();
      long timeout = settings.ackTimeout.toNanos();
      List<Slot> slots = publisher.window.pending();
      String missing = publisher.link.missingPermission(publisher.replies, slots);
      if (missing != null) {
        throw new NotPermittedException(missing, null);
      }
      pending = slots.size();
      for (Slot slot : slots) {
        if (slot.sent > 0 && !slot.due && !slot.settling) {
          long patience = timeout << Math.min(slot.sent - 1, MOST_DOUBLINGS);
          if (now - slot.sentAt > patience) {
            publisher.sendLater(slot, publisher.reason);
            if (slot.answer != null) {
              // publish returns the ack of the next sending, which says "duplicate".
              publisher.window.renew(slot);
            }
          }
        }
        due += slot.due ? 1 : 0;
        doubtful += slot.due || slot.sent > 1 ? 1 : 0;
        late |= slot.due && now - slot.takenAt > timeout;
      }
      if (doubtful == 0) {
        publisher.rounds = 0;
        publisher.reason = IdempotentPublisher.NO_ACK;
      }
      boolean there = settings.inOrder != null || publisher.link.isConnected();
      ready = due > 0 && there && now - publisher.retryAt >= 0;
      reason = publisher.reason;
    }
    report(pending, doubtful, late, reason);
    if (ready) {
      sendAgain(due);
    }
    return true;
  }

  private void report(int pending, int doubtful, boolean late, String reason) {
    if (doubtful > 0 && since == 0) {
      since = System.nanoTime();
    }
    if (since == 0) {
      return;
    }
    if (late && !told) {
      told = true;
      publisher.inbox.call(() -> listener.noAnswer(pending, reason));
    }
    if (doubtful == 0) {
      Duration silence = Duration.ofNanos(System.nanoTime() - since);
      publisher.inbox.call(() -> listener.answered(silence, found, sentAgain));
      since = 0;
      told = false;
      found = 0;
      sentAgain = 0;
    }
  }

  private void sendAgain(int due) throws IOException, JetStreamApiException, InterruptedException {
    try {
      if (settings.inOrder != null && !publisher.link.isConnected()) {
        publisher.link.connection.close();
        publisher.use(Connector.connect(settings.options));
      }
      listener.sendingAgain(due);
      if (settings.inOrder != null || settings.readBack != null) {
        settleStored();
      }
      sendDue();
    } catch (NotPermittedException e) {
      throw e;
    } catch (ConnectFailedException e) {
      if (e.reason() == ConnectFailedException.Reason.LOGIN_REJECTED) {
        throw e;
      }
      postpone(e);
    } catch (JetStreamApiException e) {
      if (!JetStreamErrors.isTransient(e)) {
        throw e;
      }
      postpone(e);
    } catch (IOException e) {
      if (settings.inOrder != null) {
        publisher.link.connection.close(); // connected, but silent
      }
      postpone(e);
    } catch (IllegalStateException e) {
      if (publisher.link.isConnected()) {
        throw e;
      }
      postpone(e);
    }
  }

  private void postpone(Exception e) {
    synchronized (publisher) {
      publisher.reason = e.getMessage();
      publisher.anyDue = false;
      publisher.rounds++;
      for (Slot slot : publisher.window.pending()) {
        if (slot.due) {
          publisher.sendLater(slot, e.getMessage());
        }
      }
    }
  }

  /** Finds out which messages the stream has, and counts the others as due. */
  private void settleStored() throws IOException, JetStreamApiException, InterruptedException {
    List<InDoubt> sent = new ArrayList<>();
    synchronized (publisher) {
      for (Slot slot : publisher.window.pending()) {
        slot.due = true;
        if (slot.sent > 0 && !slot.settling) {
          sent.add(new InDoubt(slot, slot.number, slot.subject, slot.after));
        }
      }
      publisher.anyDue = true;
    }
    if (sent.isEmpty()) {
      return;
    }
    Connection connection = publisher.link.connection;
    // The stream works through what it is sent in order. When it has refused this, all that was
    // sent before is stored, or has not arrived.
    Headers refuseMe = new Headers().put(NatsJetStreamConstants.EXPECTED_STREAM_HDR, "-");
    if (connection.request(sent.get(0).subject, refuseMe, null, ANSWER) == null
        && settings.inOrder == null) {
      StoredRun.state(connection, settings.readBack); // is it gone? That is an answer, too
      throw new IOException("no answer from stream \"" + settings.readBack + "\"");
    }
    Map<Long, Long> stored =
        settings.inOrder == null
            ? StoredRun.find(connection, settings.readBack, settings.run, sent)
            : StoredRun.upToNewest(connection, settings.inOrder, settings.run, sent);
    for (InDoubt message : sent) {
      Long sequence = stored.get(message.number);
      if (sequence != null && claim(message)) {
        found++;
        String stream = settings.inOrder == null ? settings.readBack : settings.inOrder;
        publisher.inbox.found(message.slot, stream, sequence);
      }
    }
  }

  private boolean claim(InDoubt message) {
    synchronized (publisher) {
      Slot slot = message.slot;
      boolean mine = slot.taken && slot.number == message.number && !slot.settling;
      slot.settling |= mine;
      return mine;
    }
  }

  private void sendDue() {
    synchronized (publisher) {
      publisher.rounds++;
      if (publisher.noticeReconnect()) {
        return; // while it was read what is stored, more was lost
      }
      publisher.anyDue = false;
      boolean sending = publisher.link.isConnected();
      for (Slot slot : publisher.window.pending()) {
        if (slot.due && !slot.settling) { // no ack has come meanwhile
          if (sending) {
            sending = publisher.transmit(slot);
            sentAgain++;
          } else {
            publisher.sendLater(slot, publisher.reason);
          }
        }
      }
    }
  }
}
