package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.Failure;
import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.ConsumerContext;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamOptions;
import io.nats.client.Message;
import io.nats.client.MessageConsumer;
import io.nats.client.api.ConsumerConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * Keeps {@code consume()} going. A server that was restarted does not know any more that we asked
 * it for messages, and jnats notices only when heartbeats stay away, after three quarters of a
 * minute. So this begins anew after each reconnect, and asks whether the consumer is there when
 * nothing comes.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation: pull
 *     consumers</a>
 */
final class Inbox {
  /** What has come and waits for its turn; it should be done within the consumer's ack wait. */
  private static final int BATCH = 100;

  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(2);
  private static final long IDLE_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long PAUSE_NANOS = Duration.ofMillis(100).toNanos();

  /** What is done with a message. */
  interface Handler {
    /**
     * Called by one thread, with one message after the other.
     *
     * @param fresh whether the message came over the present connection
     */
    void handle(Message message, boolean fresh) throws InterruptedException;
  }

  private final Connection connection;
  private final String stream;
  private final ConsumerConfiguration configuration;
  private final Handler handler;
  private final ConnectionEvents events;
  private final Dispatcher dispatcher;
  private final List<Message> unwanted = new ArrayList<>();

  private ConsumerContext consumer;
  private MessageConsumer consumption;
  private long session;
  private long nextLook = System.nanoTime();
  private long silentSince;
  private volatile long lastMessage;

  Inbox(
      Connection connection,
      String stream,
      ConsumerConfiguration configuration,
      Handler handler,
      ConnectionEvents events) {
    this.connection = connection;
    this.stream = stream;
    this.configuration = configuration;
    this.handler = handler;
    this.events = events;
    this.dispatcher = connection.createDispatcher();
  }

  /**
   * Begins when it has not begun, and again after a reconnect; to be called again and again.
   *
   * @throws Failure when the consumer or the stream has gone
   */
  void lookAfter() throws Failure {
    if (connection.getStatus() != Connection.Status.CONNECTED || System.nanoTime() < nextLook) {
      return;
    }
    nextLook = System.nanoTime() + PAUSE_NANOS;
    try {
      if (consumer == null) {
        open();
      } else if (session != connection.getStatistics().getReconnects()) {
        begin();
      } else if (silentSince != 0 || System.nanoTime() - lastMessage > IDLE_NANOS) {
        // Throws when the consumer was deleted: jnats tells that to the ErrorListener only.
        consumer.getConsumerInfo();
        nextLook = System.nanoTime() + IDLE_NANOS;
      }
      tellAnswer();
    } catch (JetStreamApiException e) {
      if (consumer != null || e.getApiErrorCode() != Diagnosis.STREAM_NOT_FOUND) {
        throw Diagnosis.of(e, stream);
      }
    } catch (IOException | IllegalStateException e) {
      tellSilence();
    }
  }

  private void open() throws IOException, JetStreamApiException {
    JetStreamOptions options = JetStreamOptions.builder().requestTimeout(ANSWER_LIMIT).build();
    ConsumerContext opened =
        connection.getStreamContext(stream, options).createOrUpdateConsumer(configuration);
    consumer = opened;
    begin();
  }

  private void begin() throws IOException, JetStreamApiException {
    if (consumption != null) {
      consumption.stop(); // what has come already is handled all the same
    }
    long now = connection.getStatistics().getReconnects();
    consumer.getConsumerInfo(); // is it there still?
    consumption =
        consumer.consume(
            ConsumeOptions.builder().batchSize(BATCH).build(),
            dispatcher,
            message -> {
              lastMessage = System.nanoTime();
              handler.handle(message, now == connection.getStatistics().getReconnects());
            });
    session = now;
    lastMessage = System.nanoTime();
  }

  /** A paused server or a hole in the network: no event of jnats tells it for minutes. */
  private void tellSilence() {
    if (silentSince == 0 && connection.getStatus() == Connection.Status.CONNECTED) {
      silentSince = System.nanoTime();
      events.tell("no answer", connection, "connected, but the server is silent");
    }
  }

  private void tellAnswer() {
    if (silentSince != 0) {
      long millis = (System.nanoTime() - silentSince) / 1_000_000;
      events.tell("answer", connection, "after " + millis + " ms");
      silentSince = 0;
    }
  }

  /** Not for this run: to be given back, when no more come. */
  void giveBack(Message message) {
    unwanted.add(message);
  }

  /**
   * Unsubscribes, lets the handler finish what has come, and gives back what is not wanted: to stop
   * the consumption alone would leave messages delivered and unhandled until their ack wait ends.
   *
   * @return false when the time was not enough
   */
  boolean drain(Duration limit) throws InterruptedException {
    try {
      boolean all = dispatcher.drain(limit).get();
      unwanted.forEach(Message::nak);
      connection.flush(limit); // the last acks have reached the server
      return all;
    } catch (TimeoutException | ExecutionException | IllegalStateException e) {
      return false;
    }
  }
}
