package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.ConsumerContext;
import io.nats.client.FetchConsumeOptions;
import io.nats.client.FetchConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamOptions;
import io.nats.client.Message;
import io.nats.client.api.ConsumerConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes messages from a consumer, one batch after the other. Between two batches the server owes us
 * nothing: whatever happens to it or to us then needs no repair, and a restart costs no more than
 * the reconnect. ({@code consume()} keeps a request open instead. After a restart it waits for its
 * heartbeat alarm, by default for more than half a minute.)
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation: pull
 *     consumers</a>
 */
final class Inbox {
  /** All of a batch must be worked on within the consumer's ack wait: not too many at a time. */
  private static final int BATCH = 100;

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(1);
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(2);
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final Connection connection;
  private final ConsumerContext consumer;
  private final ConnectionEvents events;
  private final Stop stop;
  private long silentSince;
  private boolean told;

  private Inbox(
      Connection connection, ConsumerContext consumer, ConnectionEvents events, Stop stop) {
    this.connection = connection;
    this.consumer = consumer;
    this.events = events;
    this.stop = stop;
  }

  /**
   * Opens the consumer, and creates it when it is not there.
   *
   * @return null when there is no stream to read yet
   */
  static Inbox open(
      Connection connection,
      String stream,
      ConsumerConfiguration configuration,
      ConnectionEvents events,
      Stop stop)
      throws IOException, JetStreamApiException {
    JetStreamOptions options = JetStreamOptions.builder().requestTimeout(ANSWER_LIMIT).build();
    try {
      return new Inbox(
          connection,
          connection.getStreamContext(stream, options).createOrUpdateConsumer(configuration),
          events,
          stop);
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == Diagnosis.STREAM_NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  /**
   * What is there, up to {@code most} messages, or what comes within a second; nothing, after a
   * short pause, while the server does not answer.
   *
   * @throws JetStreamApiException when the consumer or the stream has gone
   */
  List<Message> take(long most) throws JetStreamApiException, InterruptedException {
    // What is asked of a silent server is answered when it speaks again, to nobody.
    List<Message> batch = silentSince == 0 ? fetch(most) : List.of();
    if (batch.isEmpty()) {
      ask();
    }
    return batch;
  }

  private List<Message> fetch(long most) throws InterruptedException {
    List<Message> batch = new ArrayList<>();
    FetchConsumeOptions options =
        FetchConsumeOptions.builder()
            .maxMessages((int) Math.min(BATCH, most))
            .noWaitExpiresIn(LONGEST_WAIT.toMillis())
            .build();
    try (FetchConsumer messages = consumer.fetch(options)) {
      // The whole batch before the work begins: when the work takes longer than the heartbeat
      // alarm of this fetch, jnats throws away the messages that it still holds.
      Message message;
      while ((message = messages.nextMessage()) != null) {
        batch.add(message);
      }
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      // No connection (IllegalStateException), no answer (IOException), a status like "409 Consumer
      // Deleted" (JetStreamStatusCheckedException): ask() tells them apart.
    }
    return batch;
  }

  /** Nothing came: is the server there, and the consumer? */
  private void ask() throws JetStreamApiException, InterruptedException {
    try {
      consumer.getConsumerInfo();
      if (told) {
        long millis = (System.nanoTime() - silentSince) / 1_000_000;
        events.tell("answer", connection, "after " + millis + " ms");
      }
      silentSince = 0;
      told = false;
    } catch (IOException | IllegalStateException e) {
      silentSince = silentSince == 0 ? System.nanoTime() : silentSince;
      // A paused server or a hole in the network: no event of jnats tells it for minutes.
      if (!told && connection.getStatus() == Connection.Status.CONNECTED) {
        told = true;
        events.tell("no answer", connection, "connected, but the server is silent");
      }
      stop.sleep(PAUSE);
    }
  }
}
