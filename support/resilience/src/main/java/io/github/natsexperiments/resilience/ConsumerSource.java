package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import io.nats.client.NUID;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.StreamInfo;
import io.nats.client.impl.AckType;
import io.nats.client.impl.NatsJetStreamMetaData;
import java.io.IOException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds or creates the consumer of a {@link ResumingConsumer}. For a thread of its own.
 *
 * <p>A question that the user may not ask is not one that is answered with no: then nothing is
 * created, and what may be there is read.
 */
final class ConsumerSource {
  private static final String CONSUMER = "consumer";
  private static final Duration COMEBACK = Duration.ofSeconds(2); // of a consumer that was deleted
  private static final Duration ROUND_TRIP = Duration.ofSeconds(2);
  private static final JetStreamOptions ANSWERS_SOON =
      JetStreamOptions.builder().requestTimeout(Duration.ofSeconds(1)).build();
  private static final Duration UNUSED = Duration.ofMinutes(5); // then the server deletes it
  private static final int MOST_ACKS = 10_000; // at once
  private static final Duration SAME_MOMENT = Duration.ofMillis(1);

  private final Connection connection;
  private final JetStreamManagement management;
  private final String stream;
  private final ConsumerConfiguration wanted;
  private final ConsumerListener listener;
  private final Map<String, NotPermittedException> refused = new HashMap<>();
  private final AckMemory acked = new AckMemory();

  private ZonedDateTime created; // when the stream was
  private boolean waiting; // for the stream
  private boolean known; // the durable has been there, in this stream
  private ZonedDateTime consumerCreated; // when the durable was
  private long deletedAt;
  private String name;
  private long delivered; // by a consumer without acks
  private boolean gap;
  private long lastSequence; // that we have had of the stream
  private long lastDelivery; // of the consumer, since the last look
  private String lastAck; // the subject that it went to

  ConsumerSource(
      Connection connection, String stream, ConsumerConfiguration wanted, ConsumerListener listener)
      throws IOException {
    this.connection = connection;
    this.management = connection.jetStreamManagement(ANSWERS_SOON);
    this.stream = stream;
    this.wanted = wanted;
    this.listener = listener;
  }

  /** The consumer's name; null before it is found. */
  String name() {
    return name;
  }

  boolean isDurable() {
    return wanted.getDurable() != null;
  }

  /**
   * Looks for the stream and for the consumer.
   *
   * @return whether both are there
   * @throws IOException when the server does not answer
   * @throws JetStreamApiException when it refuses
   */
  boolean find() throws Exception {
    try {
      StreamInfo info = look("stream", () -> management.getStreamInfo(stream));
      if (info != null && !info.getCreateTime().equals(created)) {
        boolean replaced = created != null && !waiting;
        created = info.getCreateTime();
        known = false;
        consumerCreated = null;
        lastSequence = 0;
        listener.streamFound(info, replaced);
      } else if (info != null && Streams.isBefore(info, lastSequence)) {
        wentBack(info.getStreamState().getLastSequence());
      }
      waiting = false;
      if (isDurable()) {
        findDurable();
      } else {
        createOrdered(info);
      }
      return true;
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isStreamNotFound(e)) {
        if (!waiting) {
          waiting = true;
          listener.streamNotFound(e, created != null);
        }
      } else if (known && JetStreamErrors.isConsumerNotFound(e)) {
        long now = System.nanoTime();
        deletedAt = deletedAt == 0 ? now : deletedAt;
        if (now - deletedAt > COMEBACK.toNanos()) {
          listener.consumerDeleted(e);
          known = false;
        }
      } else {
        throw e;
      }
      return false;
    }
  }

  /** The server has lost the end of the stream, and its sequences come a second time. */
  private void wentBack(long last) throws Exception {
    lastSequence = last;
    acked.forgetAfter(last);
    listener.streamWentBack(last);
  }

  private void findDurable() throws Exception {
    name = wanted.getDurable();
    ConsumerInfo found;
    try {
      found = look(CONSUMER, () -> management.getConsumerInfo(stream, name));
      if (found != null && (!known || consumerCreated != null && !isSame(found))) {
        listener.consumerFound(found); // or another one in its place
      }
    } catch (JetStreamApiException e) {
      if (known || !JetStreamErrors.isConsumerNotFound(e)) {
        throw e;
      }
      found = create(wanted);
      listener.consumerCreated(found);
    }
    rememberAcks(found);
    acknowledgeAgain(found);
    lastDelivery = 0;
    known = true;
    deletedAt = 0;
  }

  /**
   * Forgets the acks when the stream is a new one, or the consumer was created again: then the same
   * messages are wanted again.
   */
  private void rememberAcks(ConsumerInfo found) {
    boolean unseen = found == null || created == null;
    if (unseen || consumerCreated == null || !isSame(found)) {
      acked.forgetAfter(0); // also when we may not look whether it is the same
    }
    consumerCreated = unseen ? null : found.getCreationTime();
    acked.interrupted();
  }

  /**
   * Acknowledges what the server has forgotten: it delivers no more than a number of messages
   * without an ack, so it could owe us nothing until their ack wait is over.
   */
  private void acknowledgeAgain(ConsumerInfo found) {
    if (found == null || found.getNumAckPending() == 0) {
      return;
    }
    long last = found.getDelivered().getStreamSequence();
    long sequence = Math.max(found.getAckFloor().getStreamSequence(), last - MOST_ACKS);
    try {
      while (++sequence <= last) {
        if (acked.contains(sequence)) {
          String subject = AckSubject.withStreamSequence(lastAck, sequence);
          connection.publish(subject, AckType.AckAck.bytes);
        }
      }
    } catch (IllegalStateException e) {
      // Disconnected: there will be another look.
    }
  }

  /** A killed nats-server 2.9 says half a millisecond more than before. */
  private boolean isSame(ConsumerInfo found) {
    Duration apart = Duration.between(found.getCreationTime(), consumerCreated);
    return apart.abs().compareTo(SAME_MOMENT) < 0;
  }

  /** Hands a message on, unless it was handled before and only its ack was lost. */
  void handle(Message message, MessageHandler handler) throws Exception {
    if (!isDurable()) {
      if (isNext(message.metaData())) {
        handler.onMessage(message);
      }
      return;
    }
    AckSubject about = AckSubject.of(message);
    if (!isAcked(message, about)) {
      handler.onMessage(message);
      if (message.lastAck() == AckType.AckAck) {
        acked.add(about.streamSequence(), about.stored());
        lastAck = message.getReplyTo();
      }
    }
  }

  /** Whether the message was handled before; then it is acknowledged again. */
  boolean isAcked(Message message) throws Exception {
    return isAcked(message, AckSubject.of(message));
  }

  private boolean isAcked(Message message, AckSubject about) throws Exception {
    if (about.consumerSequence() <= lastDelivery) {
      acked.forgetAfter(0); // somebody has reset the consumer, and wants all that once more
    }
    lastDelivery = about.consumerSequence();
    long sequence = about.streamSequence();
    boolean again = acked.contains(sequence);
    if (again && acked.isNewer(about.stored())) {
      wentBack(sequence - 1); // and somebody has published before we could look
      again = false;
    }
    lastSequence = Math.max(lastSequence, sequence);
    if (again) {
      message.ack();
      listener.ackedAgain(message);
    }
    return again;
  }

  /** A new one after each interruption: what was on its way to us is not sent again. */
  private void createOrdered(StreamInfo info) throws Exception {
    delete();
    name = "ordered-" + NUID.nextGlobal(); // known, and deleted, also when the answer is lost
    ConsumerConfiguration.Builder next =
        ConsumerConfiguration.builder(wanted)
            .name(name)
            .ackPolicy(AckPolicy.None)
            .memStorage(true)
            .numReplicas(1)
            .inactiveThreshold(Streams.unused(info, UNUSED));
    if (lastSequence > 0) {
      next.deliverPolicy(DeliverPolicy.ByStartSequence).startSequence(lastSequence + 1);
      next.startTime(null);
    }
    create(next.build());
    delivered = 0;
    gap = false;
  }

  private ConsumerInfo create(ConsumerConfiguration configuration) throws Exception {
    return JetStreamErrors.ask(connection, () -> management.createConsumer(stream, configuration));
  }

  /** The answer, or null when we may not ask. */
  private <T> T look(String what, JetStreamErrors.Request<T> request) throws Exception {
    try {
      return refused.containsKey(what) ? null : JetStreamErrors.ask(connection, request);
    } catch (NotPermittedException e) {
      if (e.getMessage().contains("Subscription to ")) {
        throw e; // without an inbox there are no answers at all, and no messages
      }
      refused.put(what, e);
      listener.cannotLook(e);
      return null;
    }
  }

  /** Called when there is no answer for the consumer, which may not exist. */
  void throwIfUnseen() throws NotPermittedException {
    if (refused.containsKey(CONSUMER)) {
      throw refused.get(CONSUMER);
    }
  }

  /** Whether a message without ack is the one that is due. */
  private boolean isNext(NatsJetStreamMetaData about) {
    if (!about.getConsumer().equals(name)) {
      return false; // from the one before
    }
    gap |= about.consumerSequence() != delivered + 1;
    if (!gap) {
      delivered++;
      lastSequence = about.streamSequence();
    }
    return !gap;
  }

  /** Whether a message without ack is missing: only a new consumer brings it. */
  boolean hasGap() {
    return gap;
  }

  private void delete() throws InterruptedException {
    String old = name;
    if (!isDurable() && old != null && connection.getStatus() == Connection.Status.CONNECTED) {
      try {
        JetStreamErrors.ask(connection, () -> management.deleteConsumer(stream, old));
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        // Gone with its server; if not, it ends after its inactivity.
      }
    }
    name = null; // not before: when an interrupt of close() comes first, end() deletes it
  }

  /** Ends the subscription, and deletes the consumer unless it is a durable. */
  void end(PullRequests requests) {
    try {
      if (connection.getStatus() == Connection.Status.CONNECTED) {
        requests.unsubscribe(ROUND_TRIP);
        delete();
      }
    } catch (InterruptedException | RuntimeException e) {
      // Closed meanwhile: jnats even throws a NullPointerException then.
    }
  }
}
