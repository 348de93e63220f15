package io.github.natsexperiments.resilience;

import static io.nats.client.support.NatsJetStreamConstants.CONSUMER_STALLED_HDR;
import static io.nats.client.support.NatsJetStreamConstants.LAST_CONSUMER_HDR;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import io.nats.client.NUID;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.KeyValueWatchOption;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * One push consumer of a {@link ResumingWatch}, up to its first gap. Whether it is there, its
 * heartbeats say: no permission to ask is needed, and no answer can be misunderstood.
 */
final class WatchConsumer implements MessageHandler {
  private static final Duration HEARTBEAT = Duration.ofMillis(500);
  private static final long SILENCE_NANOS = HEARTBEAT.multipliedBy(3).toNanos();
  private static final Duration UNUSED = Duration.ofSeconds(5); // then the server deletes it
  private static final Duration ROUND_TRIP = Duration.ofSeconds(2);
  private static final long MOST_MESSAGES = 100_000;
  private static final long MOST_BYTES = Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 8);

  private final Connection connection;
  private final ResumingWatch watch;
  private final String name;
  private final String inbox;
  private final Dispatcher dispatcher;
  private long sequence; // of the last message
  private String stalled;
  private volatile long heard = System.nanoTime();
  private volatile boolean busy;
  private volatile boolean broken;

  /** Subscribes to what {@link #create} lets the server send. */
  WatchConsumer(Connection connection, ResumingWatch watch, String prefix) {
    this.connection = connection;
    this.watch = watch;
    name = (prefix == null ? "watch-" : prefix) + NUID.nextGlobal();
    inbox = connection.createInbox();
    dispatcher = connection.createDispatcher();
    dispatcher.setPendingLimits(MOST_MESSAGES, MOST_BYTES);
    dispatcher.subscribe(inbox, this);
  }

  /**
   * Creates the consumer on the server.
   *
   * @param first its first revision; 0 for the newest value of each key, then what follows
   * @return how many messages it has to bring before it waits for new ones
   */
  long create(
      JetStreamManagement management,
      StreamInfo stream,
      String filter,
      long first,
      List<KeyValueWatchOption> options)
      throws IOException, JetStreamApiException, InterruptedException {
    ConsumerConfiguration.Builder config =
        ConsumerConfiguration.builder()
            .name(name)
            .deliverSubject(inbox)
            .filterSubject(filter)
            .deliverPolicy(DeliverPolicy.LastPerSubject)
            .headersOnly(options.contains(KeyValueWatchOption.META_ONLY))
            .ackPolicy(AckPolicy.None)
            .maxDeliver(1)
            .memStorage(true)
            .numReplicas(1)
            .inactiveThreshold(Streams.unused(stream, UNUSED))
            .flowControl(HEARTBEAT);
    if (first > 0) {
      config.deliverPolicy(DeliverPolicy.ByStartSequence).startSequence(first);
    }
    String in = stream.getConfiguration().getName();
    return JetStreamErrors.ask(connection, () -> management.createConsumer(in, config.build()))
        .getCalculatedPending();
  }

  /** Whether something is missing, or nothing has come for too long. */
  boolean isDead() {
    // While the watcher takes its time, heartbeats wait behind messages.
    boolean idle = !busy && dispatcher.getPendingMessageCount() == 0;
    return broken || idle && System.nanoTime() - heard > SILENCE_NANOS;
  }

  @Override
  public void onMessage(Message message) {
    busy = true;
    try {
      if (message.isStatusMessage()) {
        status(message);
      } else if (message.isJetStream() && message.metaData().consumerSequence() == sequence + 1) {
        sequence++;
        watch.received(this, new WatchedEntry(message));
      } else {
        gap();
      }
    } catch (Throwable e) { // an Error, too: jnats would report it and go on
      watch.end(e);
    } finally {
      heard = System.nanoTime();
      busy = false;
    }
  }

  /** Heartbeats, and the question whether what was sent has been handled. */
  private void status(Message message) {
    boolean heartbeat = message.getStatus().isHeartbeat();
    String question =
        heartbeat ? message.getHeaders().getFirst(CONSUMER_STALLED_HDR) : message.getReplyTo();
    if (question != null) {
      if (question.equals(stalled)
          && JetStreamErrors.isPermissionsViolation(connection.getLastError())) {
        watch.end(new NotPermittedException(connection.getLastError(), null));
      }
      stalled = question; // asked again, if our answer has not got through
      connection.publish(question, null);
    } else if (heartbeat
        && Long.parseLong(message.getHeaders().getFirst(LAST_CONSUMER_HDR)) == sequence) {
      watch.received(this, null);
    } else {
      gap();
    }
  }

  private void gap() {
    broken = true;
    watch.wake.release();
  }

  /**
   * Ends the subscription, and deletes the consumer; without the permission, which the server names
   * once, it goes by itself, unused.
   *
   * @return whether consumers may be deleted
   */
  boolean stop(String stream, boolean mayDelete) {
    WatchedConnection link = new WatchedConnection(connection);
    try {
      if (mayDelete) {
        connection.publish("$JS.API.CONSUMER.DELETE." + stream + "." + name, null);
      }
      if (connection.getStatus() == Connection.Status.CONNECTED) {
        RoundTrip.drain(dispatcher, ROUND_TRIP);
      } else {
        connection.closeDispatcher(dispatcher);
      }
    } catch (IllegalStateException e) {
      // closed, and the subscription with it
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return mayDelete && link.violation() == null;
  }
}
