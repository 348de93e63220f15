package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamOptions;
import io.nats.client.MessageConsumer;
import io.nats.client.StreamContext;
import io.nats.client.api.ConsumerInfo;
import java.io.IOException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.function.BooleanSupplier;

/**
 * Keeps a consumer consuming. After a restart of the server jnats connects again, but the request
 * for messages that the server had from it is gone, and jnats waits for heartbeats that do not come
 * before it makes another: 44 to 88 s were measured. To call {@code consume} again at once takes
 * 0.1 s. The same goes for a stream that is not there yet, or has gone: this looks for it four
 * times a second.
 *
 * <p>In a cluster it is one of the servers, the consumer's leader, that has the request, and it can
 * die without being the one we are connected to: no event tells. So once a second this asks who
 * leads the consumer, and whether anybody waits there for messages: a request that comes before a
 * new leader is ready can get lost, too.
 */
final class SteadyConsumer {
  /** A request to a server that elects a leader just now may stay without an answer. */
  static final JetStreamOptions ANSWERS_SOON =
      JetStreamOptions.builder().requestTimeout(Duration.ofSeconds(1)).build();

  private static final long RETRY_NANOS = Duration.ofMillis(250).toNanos();
  private static final long SILENCE_MILLIS = 100;
  private static final long LONGEST_ARRIVAL_NANOS = Duration.ofMillis(500).toNanos();
  private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

  /** Finds the stream and the consumer and calls {@code consume}. */
  @FunctionalInterface
  interface Start {
    /**
     * Does it.
     *
     * @param anotherStream whether the stream is not the one of the call before
     */
    MessageConsumer start(StreamContext stream, boolean anotherStream)
        throws IOException, JetStreamApiException, Failure;
  }

  private final Connection connection;
  private final String stream;
  private final Start start;
  private final BooleanSupplier idle;
  private final Console console;

  private StreamContext context;
  private MessageConsumer consumer;
  private long reconnects;
  private long retryAt = System.nanoTime();
  private ZonedDateTime created; // when the stream was
  private boolean waiting;
  private String leader; // of the consumer, in a cluster
  private long lookAt;
  private int looksWithoutRequest;
  private volatile boolean doubtful;

  /**
   * Nothing happens yet.
   *
   * @param stream the stream's name, for what is told
   * @param idle whether all messages that have come are handled
   */
  SteadyConsumer(
      Connection connection, String stream, Start start, BooleanSupplier idle, Console console) {
    this.connection = connection;
    this.stream = stream;
    this.start = start;
    this.idle = idle;
    this.console = console;
  }

  /**
   * Starts the consumer when it does not run; to be called again and again.
   *
   * @throws Failure exit code 1 when it cannot
   */
  void lookAfter() throws Failure {
    long reconnectsNow = connection.getStatistics().getReconnects();
    if (connection.getStatus() != Connection.Status.CONNECTED || System.nanoTime() - retryAt < 0) {
      return;
    }
    boolean sameConnection = consumer != null && reconnectsNow == reconnects;
    if (sameConnection && !doubtful && hasLostItsRequest()) {
      doubtful = true; // until it is mended: the next look would not see that the leader changed
    }
    if (sameConnection && !doubtful) {
      return;
    }
    if (consumer != null && !idle.getAsBoolean()) {
      return; // what has arrived is handled first: stopped, jnats might drop it
    }
    retryAt = System.nanoTime() + RETRY_NANOS;
    if (consumer != null) {
      consumer.stop();
      consumer = null;
    }
    doubtful = false;
    try {
      context = connection.getStreamContext(stream, ANSWERS_SOON);
      ZonedDateTime now = context.getStreamInfo().getCreateTime();
      boolean another = created != null && !created.equals(now);
      if (another && !waiting) {
        console.warn(JetStreamErrors.gone(stream) + "; this is a new one");
      }
      consumer = start.start(context, another);
      created = now;
      reconnects = reconnectsNow;
      waiting = false;
      leader = null;
      looksWithoutRequest = 0;
      lookAt = System.nanoTime() + LOOK_NANOS;
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == JetStreamErrors.STREAM_NOT_FOUND) {
        tellOfWaiting();
      } else if (!JetStreamErrors.passes(e)) {
        throw JetStreamErrors.failure("Cannot read stream \"" + stream + "\"", e);
      }
    } catch (IOException e) {
      if (created == null && !isCluster()) {
        throw new Failure(
            ExitCode.FAILED, "JetStream does not answer; the user may have no right to it", e);
      }
      // The server is away again, or a cluster elects a leader: there will be a next time.
    }
  }

  /**
   * Lets arrive what the server is sending already, while nobody handles anything and so nothing
   * more is asked for: what it sends to somebody who has unsubscribed counts as delivered, and
   * nobody gets it before the ack wait is over. That takes a tenth of a second after the last
   * message, and half a second at most.
   */
  void letArrive() throws InterruptedException {
    long start = System.nanoTime();
    long before;
    do {
      before = connection.getStatistics().getInMsgs();
      Thread.sleep(SILENCE_MILLIS);
    } while (connection.getStatistics().getInMsgs() != before
        && System.nanoTime() - start < LONGEST_ARRIVAL_NANOS);
  }

  /**
   * Asks for nothing more. Only when the connection is draining: before, jnats would unsubscribe as
   * soon as all has arrived that it asked for, and drop what waits for the handler.
   */
  void stop() {
    if (consumer != null) {
      consumer.stop();
    }
  }

  private boolean isCluster() {
    return connection.getServerInfo().getCluster() != null;
  }

  /**
   * Whether the server that had our request for messages is gone, or leads no more, or has none.
   */
  private boolean hasLostItsRequest() {
    if (!isCluster() || System.nanoTime() - lookAt < 0) {
      return false;
    }
    lookAt = System.nanoTime() + LOOK_NANOS;
    try {
      // Not consumer.getConsumerInfo(): jnats asks once, and then repeats the answer.
      ConsumerInfo info = context.getConsumerInfo(consumer.getConsumerName());
      String before = leader;
      leader = info.getClusterInfo().getLeader();
      // Twice in a row: the next request may just have been on its way.
      boolean none = info.getNumWaiting() == 0 && idle.getAsBoolean();
      looksWithoutRequest = none ? looksWithoutRequest + 1 : 0;
      return looksWithoutRequest > 1 || before != null && !before.equals(leader);
    } catch (IOException | JetStreamApiException e) {
      return true; // nobody leads it just now, or it died with its server
    }
  }

  private void tellOfWaiting() {
    if (waiting) {
      return;
    }
    waiting = true;
    if (created != null) {
      console.warn(JetStreamErrors.gone(stream));
    }
    console.info("Waiting for stream \"" + stream + "\": publisher.jar creates it");
  }

  /** The server has said something about the consumer that may be its end. */
  void doubt() {
    doubtful = true;
  }
}
