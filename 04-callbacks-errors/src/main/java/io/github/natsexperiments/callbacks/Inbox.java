package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PullRequestOptions;
import io.nats.client.PullSubscribeOptions;
import io.nats.client.api.ConsumerConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes messages from a consumer, one batch after the other, over one subscription that stays.
 *
 * <p>Lesson 3 leaves this to {@code consume()}, which is shorter and faster. But what {@code
 * consume()} and {@code fetch()} still hold when they end, or when their heartbeat alarm goes off,
 * nobody gets before the ack wait is over; and after a restart of the server they wait for that
 * alarm. Here a batch is asked for, received to its end and worked on; between two batches the
 * server owes us nothing, so there is nothing to repair after a restart, and nothing to give back
 * at the end.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation: pull
 *     consumers</a>
 */
final class Inbox {
  /** All of a batch should be done within the consumer's ack wait. */
  private static final int BATCH = 100;

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(1);
  private static final Duration GRACE = Duration.ofMillis(500);
  private static final JetStreamOptions ANSWERS_SOON =
      JetStreamOptions.builder().requestTimeout(Duration.ofSeconds(2)).build();
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final Connection connection;
  private final String stream;
  private final ConsumerConfiguration configuration;
  private final ConnectionEvents events;
  private final Stop stop;

  private JetStreamSubscription subscription;
  private long silentSince;

  Inbox(
      Connection connection,
      String stream,
      ConsumerConfiguration configuration,
      ConnectionEvents events,
      Stop stop) {
    this.connection = connection;
    this.stream = stream;
    this.configuration = configuration;
    this.events = events;
    this.stop = stop;
  }

  /**
   * What is there, up to {@code most} messages, or what comes within a second; nothing, after a
   * short pause, while there is no stream or no server.
   *
   * @throws Failure when the consumer or the stream has gone
   */
  List<Message> take(long most) throws Failure, InterruptedException {
    if (!isConnected(connection)) {
      stop.sleep(PAUSE);
      return List.of();
    }
    List<Message> batch = List.of();
    if (subscription != null && silentSince == 0) {
      batch = pull((int) Math.min(BATCH, most));
    }
    if (batch.isEmpty()) {
      ask();
    }
    return batch;
  }

  private List<Message> pull(int most) throws InterruptedException {
    List<Message> batch = new ArrayList<>();
    long end = System.nanoTime() + LONGEST_WAIT.toNanos() + GRACE.toNanos();
    try {
      // At once what is there, or what comes; the server ends the request when the time is over.
      subscription.pull(PullRequestOptions.noWait(most).expiresIn(LONGEST_WAIT).build());
      Message message;
      do {
        long left = Math.max(1, (end - System.nanoTime()) / 1_000_000); // 0 would be for ever
        message = subscription.nextMessage(left);
        if (message != null) {
          batch.add(message);
        }
      } while (message != null && batch.size() < most);
    } catch (IllegalStateException e) {
      // Closed, or a JetStreamStatusException such as "409 Consumer Deleted": ask() will tell.
    }
    return batch;
  }

  /** Whether there is a server to talk to, as far as jnats has noticed. */
  static boolean isConnected(Connection connection) {
    return connection.getStatus() == Connection.Status.CONNECTED;
  }

  /** Nothing came: is the server there, and the consumer? */
  private void ask() throws Failure, InterruptedException {
    try {
      JetStreamManagement management = connection.jetStreamManagement(ANSWERS_SOON);
      if (subscription == null) {
        management.addOrUpdateConsumer(stream, configuration);
        subscription =
            connection
                .jetStream()
                .subscribe(null, PullSubscribeOptions.fastBind(stream, configuration.getDurable()));
      } else {
        management.getConsumerInfo(stream, configuration.getDurable());
      }
      if (silentSince != 0) {
        long millis = (System.nanoTime() - silentSince) / 1_000_000;
        events.tell("answer", connection, "after " + millis + " ms");
        silentSince = 0;
      }
    } catch (JetStreamApiException e) {
      if (Diagnosis.passes(e)) {
        unanswered();
      } else if (subscription != null || e.getApiErrorCode() != Diagnosis.STREAM_NOT_FOUND) {
        throw Diagnosis.of(e, stream);
      }
      stop.sleep(PAUSE); // the publisher will create it
    } catch (IOException | IllegalStateException e) {
      unanswered();
      stop.sleep(PAUSE);
    }
  }

  /**
   * A paused server, a hole in the network, a cluster that elects a leader: no event of jnats tells
   * it for minutes, or ever.
   */
  private void unanswered() {
    if (silentSince == 0) {
      silentSince = System.nanoTime();
      events.tell("no answer", connection, "messages will wait");
    }
  }
}
