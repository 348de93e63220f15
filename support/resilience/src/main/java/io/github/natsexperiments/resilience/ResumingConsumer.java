package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusException;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import io.nats.client.Subscription;
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
 * <p>With a durable name, a consumer that is there is taken as it is, and created when it is not.
 * Without, messages come in order, once, and without acks, through consumers that are deleted
 * afterwards. At most a batch of messages, and an eighth of the heap, waits here. One daemon thread
 * calls handler and listener; what they throw ends the consuming. Thread-safe.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation:
 *     consumers</a>
 */
public final class ResumingConsumer implements AutoCloseable {
  private static final int DEFAULT_BATCH = 500;
  private static final long MILLI = 1_000_000;
  private static final long TICK_MILLIS = 100;
  private static final long RETRY = 250 * MILLI;
  private static final long LONGEST_SILENCE = 2500 * MILLI; // a heartbeat is due each second
  private static final long LONGEST_ARRIVAL = 500 * MILLI;
  private static final long UNTIL_REPORTED = 3000 * MILLI;

  private final Connection connection;
  private final String stream;
  private final ConsumerListener listener;
  private final ConsumerSource source;
  private PullRequests requests;
  private final Thread thread = new Thread(this::run, "resuming-consumer");
  private final CountDownLatch finished = new CountDownLatch(1);
  private MessageHandler handler;
  private LongSupplier left;

  private volatile boolean stopped;
  private volatile boolean closing;
  private volatile long drainUntil; // 0: does not drain
  private volatile int handedBack;
  private volatile Throwable failure;

  // What follows belongs to the thread.
  private Subscription subscription;
  private boolean stale = true; // the server has no request of ours
  private long reconnects = -1;
  private boolean announce = true;
  private long retryAt = System.nanoTime();
  private long askedAt = retryAt;
  private long heardAt = retryAt;
  private boolean reported;
  private String lastError;

  private ResumingConsumer(
      Connection connection, String stream, ConsumerConfiguration wanted, ConsumerListener listener)
      throws IOException {
    this.connection = connection;
    this.stream = stream;
    this.listener = listener;
    this.source = new ConsumerSource(connection, stream, wanted, listener);
    thread.setDaemon(true);
  }

  /** The same without a listener. */
  public static ResumingConsumer of(
      Connection connection, String stream, ConsumerConfiguration wanted) throws IOException {
    return of(connection, stream, wanted, new ConsumerListener() {});
  }

  /**
   * Nothing happens yet.
   *
   * @param wanted the durable, as it is created when it is not there; without a durable name, what
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
    boolean inTime = finished.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    close();
    try {
      connection.flush(Duration.ofNanos(Math.max(end - System.nanoTime(), 10 * MILLI)));
    } catch (IllegalStateException e) {
      throw new TimeoutException("The connection is closed");
    }
    return inTime && handedBack == 0;
  }

  /** Ends at once. The handler is interrupted, and no callback runs any more afterwards. */
  @Override
  public void close() {
    closing = true;
    if (Thread.currentThread() != thread && thread.isAlive()) {
      thread.interrupt();
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void run() {
    try {
      subscription = connection.subscribe(requests.inbox());
      subscription.setPendingLimits(-1, -1); // what is asked for is bounded
      lastError = connection.getLastError();
      while (!closing && drainUntil == 0) {
        step();
      }
      if (!closing) {
        finish();
      }
    } catch (Throwable e) { // also an Error: somebody waits
      boolean inactive = subscription != null && drainUntil == 0 && !subscription.isActive();
      boolean closed = connection.getStatus() == Connection.Status.CLOSED || inactive;
      failure = closing ? null : closed ? ConnectionClosedException.of(connection) : e;
    } finally {
      try {
        leave();
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
    Message message = subscription.nextMessage(TICK_MILLIS);
    if (message != null) {
      receive(message);
    }
    throwIfNotPermitted();
    if (connection.getStatus() != Connection.Status.CONNECTED) {
      return;
    }
    long now = System.nanoTime();
    if (connection.getStatistics().getReconnects() != reconnects || source.hasGap()) {
      stale = true;
    } else if (!stale && message == null && now - Math.max(askedAt, heardAt) > LONGEST_SILENCE) {
      stale = true;
      trouble("no heartbeat from the consumer");
    }
    if (now - retryAt < 0) {
      return;
    }
    if (!stale) {
      pull();
    } else if (subscription.getPendingMessageCount() == 0) { // what has arrived comes first
      begin();
    }
  }

  private void receive(Message message) throws Exception {
    if (!message.isStatusMessage()) {
      heard();
      requests.delivered();
      handle(message);
      return;
    }
    String reason = requests.answer(message);
    if (reason == null) {
      heard();
      return;
    }
    stale = true;
    trouble(reason);
    if (reported) {
      source.throwIfUnseen();
    }
  }

  private void handle(Message message) throws Exception {
    if (source.isDurable() || source.isNext(message.metaData())) {
      handler.onMessage(message);
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

  /** Looks for the stream and the consumer, and asks for messages anew. */
  private void begin() throws Exception {
    long now = System.nanoTime();
    retryAt = now + RETRY;
    if (connection.getStatistics().getReconnects() != reconnects) {
      reconnects = connection.getStatistics().getReconnects();
      announce = true;
      heardAt = reported ? heardAt : now; // jnats reports what was before
    }
    boolean found = false;
    try {
      found = source.find();
      heardAt = found ? heardAt : System.nanoTime(); // that is an answer, too
    } catch (IOException | JetStreamApiException e) {
      if (e instanceof NotPermittedException
          || e instanceof JetStreamApiException api && !JetStreamErrors.isTransient(api)) {
        throw e;
      }
      trouble(e.getMessage());
    }
    if (!found) {
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
    if (!reported && System.nanoTime() - heardAt > UNTIL_REPORTED) {
      reported = true;
      listener.retrying(reason);
    }
  }

  private void heard() throws Exception {
    long now = System.nanoTime();
    Duration silence = Duration.ofNanos(now - heardAt);
    heardAt = now;
    if (reported) {
      reported = false;
      listener.resumed(silence);
    }
  }

  /** The server's word on our requests and acks comes as an error, not as an answer. */
  private void throwIfNotPermitted() throws NotPermittedException {
    String error = connection.getLastError();
    if (error == lastError) {
      return;
    }
    lastError = error;
    if (requests.areRefused(error, source.name())) {
      throw new NotPermittedException(error, null);
    }
  }

  private void finish() throws Exception {
    if (connection.getStatus() == Connection.Status.CONNECTED) {
      if (source.isDurable() && requests.isOpen() && left.getAsLong() > 0) {
        letArrive();
      }
      // The server ends the subscription first. A message that arrives just while jnats 2.26.2
      // removes one by itself breaks the connection.
      subscription.drain(Duration.ofMinutes(1));
    }
    while (subscription.getPendingMessageCount() > 0 && !closing) {
      Message message = subscription.nextMessage(TICK_MILLIS);
      if (message == null || message.isStatusMessage()) {
        continue;
      }
      if (!stopped && left.getAsLong() > 0 && System.nanoTime() - drainUntil < 0) {
        handle(message);
      } else if (source.isDurable()) {
        handedBack++;
        if (connection.getStatus() == Connection.Status.CONNECTED) {
          message.nak();
        }
      }
    }
  }

  /**
   * What the server sends to somebody who has unsubscribed nobody gets before the ack wait is over.
   * So what is on its way arrives first, while nothing is handled and nothing more asked for.
   */
  private void letArrive() throws InterruptedException {
    long end = System.nanoTime() + LONGEST_ARRIVAL;
    long before;
    do {
      before = subscription.getPendingMessageCount();
      Thread.sleep(TICK_MILLIS);
    } while (subscription.getPendingMessageCount() != before && System.nanoTime() - end < 0);
  }

  private void leave() {
    for (int attempt = 0; attempt < 2; attempt++) { // close may interrupt the first one
      Thread.interrupted();
      try {
        if (connection.getStatus() == Connection.Status.CONNECTED) {
          if (subscription != null && subscription.isActive()) {
            subscription.drain(Duration.ofSeconds(5));
          }
          source.delete();
        }
        return;
      } catch (InterruptedException e) {
        // once more
      } catch (RuntimeException e) {
        return; // closed meanwhile: jnats even throws a NullPointerException then
      }
    }
  }
}
