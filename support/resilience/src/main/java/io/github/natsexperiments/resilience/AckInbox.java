package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.AckWindow.Slot;
import io.github.natsexperiments.resilience.PublishListener.Stored;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Where the acks of an {@link IdempotentPublisher} arrive: one subject per slot of its window, and
 * one subscription for all. Settles a message when its ack has come, and calls the listener.
 */
final class AckInbox {
  private static final Duration ROUND_TRIP = Duration.ofMillis(500);
  private static final long REST_NANOS = 100_000;
  private static final long MANY = 500;

  private final IdempotentPublisher publisher;
  private final PublishListener listener;
  private final String subjects;
  private final AckReader reader = new AckReader();
  private final Object callbacks = new Object(); // held during a callback
  private volatile Dispatcher dispatcher;

  AckInbox(IdempotentPublisher publisher, PublishListener listener, String subjects) {
    this.publisher = publisher;
    this.listener = listener;
    this.subjects = subjects;
  }

  void subscribe(Connection connection) {
    dispatcher = connection.createDispatcher(this::onAck).subscribe(subjects);
  }

  private void onAck(Message reply) {
    try {
      settle(reply);
    } catch (Throwable e) { // of a listener; somebody waits
      publisher.fail(e);
    }
    if (dispatcher.getPendingMessageCount() == 0 && onTheirWay() >= MANY) {
      // The acks come one by one. To put this thread to sleep and to wake it for each would cost
      // more than the ack does; after a moment there are some more. With few on their way the
      // server would run out of work meanwhile.
      LockSupport.parkNanos(REST_NANOS);
    }
  }

  private void settle(Message reply) {
    Slot slot = claim(reply.getSubject());
    if (slot == null) {
      return; // the second ack of a message that was sent again
    }
    try {
      if (reply.isStatusMessage()) {
        // 503: nobody listens there, the stream may be gone. 429: too many at once.
        publisher.sendLater(slot, reply.getStatus().getMessageWithCode());
      } else if (slot.answer != null) {
        slot.answer.ack = new PublishAck(reply);
        publisher.free(slot, slot.answer.ack.getSeqno());
      } else {
        reader.read(reply);
        stored(slot, reader.stream(), reader.sequence(), reader.duplicate());
      }
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isTransient(e)) {
        publisher.sendLater(slot, e.getMessage());
      } else if (e.getApiErrorCode() > 0) {
        refused(slot, e);
      } else {
        unclaim(slot); // somebody who is no stream answers, like lesson 1's --reply
      }
    } catch (IOException e) {
      unclaim(slot); // the same, in JSON
    }
  }

  /** The slot that an ack on this subject is for; null when it is for none. */
  private Slot claim(String replyTo) {
    synchronized (publisher) {
      Slot slot = publisher.window.waitingFor(replyTo);
      if (slot == null || slot.settling) {
        return null;
      }
      slot.settling = true;
      return slot;
    }
  }

  private void unclaim(Slot slot) {
    synchronized (publisher) {
      slot.settling = false;
      publisher.reason = "what answers on \"" + slot.subject + "\" is not a stream";
    }
  }

  private long onTheirWay() {
    synchronized (publisher) {
      return publisher.window.span();
    }
  }

  private boolean isClosed() {
    synchronized (publisher) {
      return publisher.end.isClosed();
    }
  }

  private void stored(Slot slot, String stream, long sequence, boolean duplicate) {
    Stored stored = new Stored(slot.number, slot.subject, slot.body, stream, sequence, duplicate);
    call(() -> listener.stored(stored));
    publisher.free(slot, sequence);
  }

  /** Settles a claimed message that was found in the stream. */
  void found(Slot slot, String stream, long sequence) throws IOException, JetStreamApiException {
    if (slot.answer == null) {
      stored(slot, stream, sequence, true);
    } else {
      String ack = "{\"stream\":\"%s\",\"seq\":%d,\"duplicate\":true}".formatted(stream, sequence);
      slot.answer.ack = new PublishAck(NatsMessage.builder().subject(stream).data(ack).build());
      publisher.free(slot, sequence);
    }
  }

  private void refused(Slot slot, JetStreamApiException e) {
    if (slot.answer != null) {
      slot.answer.refusal = e;
    } else {
      call(() -> listener.refused(slot.number, slot.subject, slot.body, e));
    }
    publisher.free(slot, 0);
  }

  /** Calls the listener: one call at a time, and none after the publisher is closed. */
  void call(Runnable callback) {
    synchronized (callbacks) {
      if (!isClosed()) {
        callback.run();
      }
    }
  }

  /** Unsubscribes, and waits for a callback that runs in another thread. */
  void close(Connection connection) throws InterruptedException {
    synchronized (callbacks) {
      // The publisher is closed: no other callback begins.
    }
    try {
      if (connection.getStatus() == Connection.Status.CONNECTED) {
        // Tells the server first, and then takes what still arrives. unsubscribe() can meet a
        // message that is just arriving, which breaks the connection (jnats 2.26.2).
        dispatcher.drain(ROUND_TRIP);
      }
    } catch (RuntimeException e) {
      // Closed meanwhile, of which jnats makes a NullPointerException: then nothing comes.
    }
  }
}
