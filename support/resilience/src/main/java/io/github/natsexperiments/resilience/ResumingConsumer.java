package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusException;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import io.nats.client.api.ConsumerConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * {@code ConsumerContext.consume} that goes on at once. When a server restarts, the request for
 * messages that it had from us is gone, and jnats waits for heartbeats before it makes another: 44
 * to 88 s were measured. This asks again a tenth of a second after a reconnect, and within 3 s when
 * the server that led the consumer dies; it waits for a stream that is not there.
 *
 * <pre>{@code
 * try (ResumingConsumer consumer = ResumingConsumer.of(connection, "stream", configuration)) {
 *   consumer.consume(message -> message.ack());
 *   consumer.await();
 * }
 * }</pre>
 *
 * <p>With a durable name, an existing consumer is used as it is, and a missing one is created. A
 * server that is killed forgets the last acks: what this process has acknowledged (before the
 * handler returned) and gets again is acknowledged again and not handled twice. Without, messages
 * come in order, once, and without acks, through consumers that are deleted afterwards. At most a
 * batch of messages, and an eighth of the heap, waits here. One daemon thread calls handler and
 * listener; what they throw ends the consuming. Thread-safe.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation:
 *     consumers</a>
 */
public final class ResumingConsumer implements AutoCloseable {
  private static final int DEFAULT_BATCH = 500;
  private static final long MILLI = 1_000_000;
  private static final long TICK_MILLIS = 100;
  private static final long RETRY = 250 * MILLI;
  private static final Duration REPORT_AFTER = Duration.ofSeconds(3);
  private static final long LONGEST_SILENCE = 2500 * MILLI; // a heartbeat is due each second

  private final Connection connection;
  private final String stream;
  private final ConsumerListener listener;
  private final ConsumerSource source;
  private final Silence silence;
  private PullRequests requests;
  private final Worker thread = new Worker("resuming-consumer", this::run);
  private final CountDownLatch finished = new CountDownLatch(1);
  private MessageHandler handler;
  private LongSupplier left;

  private volatile boolean stopped;
  private volatile boolean closing;
  private volatile long drainUntil; // 0: does not drain
  private volatile int handedBack;
  private volatile Throwable failure;

  // What follows belongs to the thread.
  private boolean stale = true; // the server has no request of ours
  private long reconnects = -1;
  private boolean announce = true;
  private long retryAt = System.nanoTime();
  private long askedAt = retryAt;

  private ResumingConsumer(
      Connection connection, String stream, ConsumerConfiguration wanted, ConsumerListener listener)
      throws IOException {
    this.connection = connection;
    this.stream = stream;
    this.listener = listener;
    this.source = new ConsumerSource(connection, stream, wanted, listener);
    this.silence = new Silence(REPORT_AFTER);
  }

  /** The same without a listener. */
  public static ResumingConsumer of(
      Connection connection, String stream, ConsumerConfiguration wanted) throws IOException {
    return of(connection, stream, wanted, new ConsumerListener() {});
  }

  /**
   * Nothing happens yet.
   *
   * @param wanted the durable, created like this if it does not exist; without a durable name, what
   *     to read
   * @param listener hears what happens beside messages
   */
  public static ResumingConsumer of(
      Connection connection, String stream, ConsumerConfiguration wanted, ConsumerListener listener)
      throws IOException {
    return new ResumingConsumer(connection, stream, wanted, listener);
  }

  /** Begins, and returns at once; the handler acknowledges each message. */
  public void consume(MessageHandler handler) {
    consume(DEFAULT_BATCH, () -> Long.MAX_VALUE, handler);
  }

  /**
   * The same for so many messages.
   *
   * @param batch most messages that wait here
   * @param left how many messages are still wanted: no more than that are asked for
   */
  public void consume(int batch, LongSupplier left, MessageHandler handler) {
    this.requests = new PullRequests(connection, stream, batch);
    this.left = left;
    this.handler = handler;
    thread.start();
  }

  /** Asks for nothing more and handles nothing more: what has arrived is for {@link #drain}. */
  public void stop() {
    stopped = true;
  }

  /** Waits until it is drained, closed or failed; then does as {@link #throwIfFailed}. */
  public void await() throws Exception {
    finished.await();
    throwIfFailed();
  }

  /**
   * Does nothing while all is well.
   *
   * @throws ConnectionClosedException when the connection is closed for good
   * @throws NotPermittedException when a permission is missing
   * @throws JetStreamApiException when the consumer cannot be had
   * @throws JetStreamStatusException when it gives us nothing
   * @throws ExecutionException around an Error
   * @throws Exception what the handler or the listener threw
   */
  public void throwIfFailed() throws Exception {
    if (failure instanceof Exception e) {
      throw e;
    }
    if (failure != null) {
      throw new ExecutionException(failure);
    }
  }

  /**
   * Asks for nothing more, handles what has arrived, and hands back (nak) what there is no time
   * for.
   *
   * @param limit for everything
   * @return whether all was handled
   * @throws TimeoutException when the server does not confirm that it has the last acks
   */
  public boolean drain(Duration limit) throws InterruptedException, TimeoutException {
    long end = System.nanoTime() + limit.toNanos();
    drainUntil = end - limit.toNanos() / 5;
    boolean inTime = finished.await(limit.toNanos(), TimeUnit.NANOSECONDS) && !closing;
    close();
    RoundTrip.flush(connection, Duration.ofNanos(Math.max(end - System.nanoTime(), 10 * MILLI)));
    return inTime && handedBack == 0;
  }

  /**
   * Ends at once; only a server that does not answer is waited for, 3 s at most. The handler is
   * interrupted, and no callback runs any more afterwards.
   */
  @Override
  public void close() {
    closing = true;
    thread.end(true);
  }

  private void run() {
    try {
      requests.subscribe();
      while (!closing && drainUntil == 0) {
        step();
      }
      if (!closing) {
        finish();
      }
    } catch (Throwable e) { // also an Error: a caller may be waiting
      boolean inactive = drainUntil == 0 && requests.areEnded();
      boolean closed = connection.getStatus() == Connection.Status.CLOSED || inactive;
      failure = closing ? null : closed ? ConnectionClosedException.of(connection) : e;
    } finally {
      thread.ending();
      try {
        source.end(requests);
      } finally {
        finished.countDown();
      }
    }
  }

  private void step() throws Exception {
    ConnectionClosedException.throwIfClosed(connection);
    if (stopped || left.getAsLong() <= 0) {
      Thread.sleep(TICK_MILLIS); // until drain or close
      return;
    }
    Message message = requests.next(reconnects < 0 ? 1 : TICK_MILLIS); // at first: begin at once
    if (message != null) {
      receive(message);
    }
    requests.throwIfNotPermitted(source.name());
    if (connection.getStatus() != Connection.Status.CONNECTED) {
      return;
    }
    long now = System.nanoTime();
    if (connection.getStatistics().getReconnects() != reconnects || source.hasGap()) {
      stale = true;
    } else if (!stale
        && message == null
        && now - Math.max(askedAt, silence.since()) > LONGEST_SILENCE) {
      stale = true;
      trouble("no heartbeat from the consumer");
    }
    if (now - retryAt < 0) {
      return;
    }
    if (!stale) {
      pull();
    } else if (requests.arrived() == 0) { // what has arrived comes first
      begin();
    }
  }

  private void receive(Message message) throws Exception {
    String reason = message.isStatusMessage() ? requests.answer(message) : null;
    if (reason != null) {
      stale = true;
      trouble(reason);
      if (silence.isReported()) {
        source.throwIfUnseen();
      }
      return;
    }
    Duration after = silence.ends();
    if (after != null) {
      listener.resumed(after);
    }
    if (!message.isStatusMessage()) {
      requests.delivered();
      source.handle(message, handler);
    }
  }

  private void pull() {
    try {
      if (requests.ask(source.name(), left.getAsLong())) {
        askedAt = System.nanoTime();
      }
    } catch (IllegalStateException e) {
      stale = true; // disconnected just now
    }
  }

  /** Looks for the stream and the consumer, and asks for messages again. */
  private void begin() throws Exception {
    retryAt = System.nanoTime() + RETRY;
    if (connection.getStatistics().getReconnects() != reconnects) {
      reconnects = connection.getStatistics().getReconnects();
      announce = true;
      silence.interrupted(); // jnats reports what was before
    }
    boolean found;
    try {
      found = source.find();
    } catch (IOException | JetStreamApiException e) {
      if (e instanceof NotPermittedException
          || e instanceof JetStreamApiException api && !JetStreamErrors.isTransient(api)) {
        throw e;
      }
      trouble(e.getMessage());
      announce = true;
      return;
    }
    if (!found) {
      silence.interrupted(); // that is an answer, too
      announce = true;
      return;
    }
    stale = false;
    requests.clear();
    retryAt = System.nanoTime();
    pull();
    if (announce) {
      announce = false;
      listener.consuming();
    }
  }

  private void trouble(String reason) throws Exception {
    retryAt = System.nanoTime() + RETRY;
    if (silence.isDue()) {
      listener.retrying(reason);
    }
  }

  private void finish() throws Exception {
    if (connection.getStatus() == Connection.Status.CONNECTED) {
      if (source.isDurable() && requests.isOpen() && left.getAsLong() > 0) {
        requests.awaitArrivals();
      }
      requests.unsubscribe(Duration.ofMinutes(1));
    }
    while (requests.arrived() > 0 && !closing) {
      Message message = requests.next(TICK_MILLIS);
      if (message == null || message.isStatusMessage()) {
        continue;
      }
      if (!stopped && left.getAsLong() > 0 && System.nanoTime() - drainUntil < 0) {
        source.handle(message, handler);
      } else if (source.isDurable() && !source.isAcked(message)) {
        handedBack++;
        if (connection.getStatus() == Connection.Status.CONNECTED) {
          message.nak();
        }
      }
    }
  }
}
