package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.ConsumerContext;
import io.nats.client.FetchConsumeOptions;
import io.nats.client.FetchConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
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
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final Connection connection;
  private final ConsumerContext consumer;
  private final ConnectionEvents events;
  private final Stop stop;

  Inbox(Connection connection, ConsumerContext consumer, ConnectionEvents events, Stop stop) {
    this.connection = connection;
    this.consumer = consumer;
    this.events = events;
    this.stop = stop;
  }

  /**
   * What is there, up to {@code most} messages, or what comes within a second. Returns empty-handed
   * only when the server has confirmed that it is there, or when the run shall end.
   *
   * @throws JetStreamApiException when the consumer or the stream has gone
   */
  List<Message> take(long most) throws JetStreamApiException, InterruptedException {
    List<Message> batch = new ArrayList<>();
    FetchConsumeOptions options =
        FetchConsumeOptions.builder()
            .maxMessages((int) Math.min(BATCH, most))
            .noWaitExpiresIn(LONGEST_WAIT.toMillis())
            .build();
    try (FetchConsumer messages = consumer.fetch(options)) {
      // The whole batch before the work begins: when the work for one message takes longer than
      // the heartbeat alarm of this fetch, jnats throws away those that it still holds.
      Message message;
      while ((message = messages.nextMessage()) != null) {
        batch.add(message);
      }
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      // No connection (IllegalStateException), no answer (IOException), a status like "409 Consumer
      // Deleted" (JetStreamStatusCheckedException): the next question tells them apart.
    }
    if (batch.isEmpty()) {
      awaitAnswer();
    }
    return batch;
  }

  private void awaitAnswer() throws JetStreamApiException, InterruptedException {
    long since = System.nanoTime();
    boolean told = false;
    do {
      try {
        consumer.getConsumerInfo();
        if (told) {
          long millis = (System.nanoTime() - since) / 1_000_000;
          events.tell("answer", connection, "after " + millis + " ms");
        }
        return;
      } catch (IOException | IllegalStateException e) {
        // A paused server or a hole in the network: no event of jnats tells it for minutes.
        if (!told && connection.getStatus() == Connection.Status.CONNECTED) {
          told = true;
          events.tell("no answer", connection, "connected, but the server is silent");
        }
      }
    } while (!stop.sleep(PAUSE));
  }
}
