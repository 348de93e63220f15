package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.AckWindow.InFlight;
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
 * Where the acks of an {@link IdempotentPublisher} arrive: one subject per place of its window, and
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
  private final Object settling = new Object(); // held while a message is settled, and its callback
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
      synchronized (settling) {
        InFlight message = publisher.window.waitingFor(reply.getSubject());
        if (message != null) { // else the second ack of a message that was sent again
          settle(message, reply);
        }
      }
    } catch (Throwable e) { // thrown by a listener; a caller may be waiting
      publisher.fail(e);
    }
    if (dispatcher.getPendingMessageCount() == 0 && publisher.onTheirWay() >= MANY) {
      // The acks come one by one. To put this thread to sleep and to wake it for each would cost
      // more than the ack does; after a moment there are some more. With few on their way the
      // server would run out of work meanwhile.
      LockSupport.parkNanos(REST_NANOS);
    }
  }

  private void settle(InFlight message, Message reply) {
    try {
      if (reply.isStatusMessage()) {
        // 503: no stream listens there, it may be gone. 429: too many at once.
        publisher.resender.sendLater(message, reply.getStatus().getMessageWithCode());
      } else if (message.awaited) {
        PublishAck ack = new PublishAck(reply);
        publisher.settled(message, ack.getSeqno(), ack, null);
      } else {
        reader.read(reply);
        stored(message, reader.stream, reader.sequence, reader.duplicate);
      }
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isTransient(e)) {
        publisher.resender.sendLater(message, e.getMessage());
      } else if (e.getApiErrorCode() > 0) {
        if (!message.awaited && !publisher.isClosed()) {
          listener.refused(message.number, message.subject, message.body, e);
        }
        publisher.settled(message, 0, null, e);
      } else { // not a stream answers, but a program like lesson 1's --reply
        publisher.resender.noStreamAnswers(message);
      }
    } catch (IOException e) { // the same, in JSON
      publisher.resender.noStreamAnswers(message);
    }
  }

  private void stored(InFlight message, String stream, long sequence, boolean duplicate) {
    if (!publisher.isClosed()) {
      listener.stored(
          new Stored(message.number, message.subject, message.body, stream, sequence, duplicate));
    }
    publisher.settled(message, sequence, null, null);
  }

  /**
   * Settles a message that was found in the stream.
   *
   * @return false when its ack has come meanwhile
   */
  boolean found(InFlight message, String stream, long sequence)
      throws IOException, JetStreamApiException {
    synchronized (settling) {
      if (!publisher.window.contains(message)) {
        return false;
      }
      if (message.awaited) {
        String ack = "{\"stream\":\"%s\",\"seq\":%d,\"duplicate\":true}";
        Message json =
            NatsMessage.builder().subject(stream).data(ack.formatted(stream, sequence)).build();
        publisher.settled(message, sequence, new PublishAck(json), null);
      } else {
        stored(message, stream, sequence, true);
      }
      return true;
    }
  }

  /** Calls the listener: one call at a time, and none after the publisher is closed. */
  void call(Runnable callback) {
    synchronized (settling) {
      if (!publisher.isClosed()) {
        callback.run();
      }
    }
  }

  /** Unsubscribes, and waits for a callback that runs in another thread. */
  void close(Connection connection) throws InterruptedException {
    synchronized (settling) {
      // The publisher is closed: no other callback begins.
    }
    if (connection.getStatus() == Connection.Status.CONNECTED) {
      RoundTrip.drain(dispatcher, ROUND_TRIP);
    }
  }
}
