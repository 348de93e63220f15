package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.AckWindow.InFlight;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Options;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.io.IOException;

/**
 * {@code JetStream.publish} and {@code publishAsync} that lose no message and store none twice when
 * the server is killed, paused or restarted. A publish without an ack is neither stored nor lost:
 * nobody knows. So each message has an id, {@code RUN-NUMBER}, and is sent again with the same id
 * until there is an ack or a refusal; the stream keeps one message of each id.
 *
 * <pre>{@code
 * IdempotentPublisher publisher = IdempotentPublisher.builder(connection).build();
 * PublishAck ack = publisher.publish("foo", body); // in place of jetStream.publish("foo", body)
 * }</pre>
 *
 * <p>{@link #send} does not wait for the ack: a window of messages, bounded also in bytes, is on
 * its way, and the {@link PublishListener} hears of each. All acks come to one private inbox, which
 * is 1.4 times as fast as {@code publishAsync} with its futures.
 *
 * <p>What has no ack is sent again in the order of the first sending, before anything new; only
 * what jnats had in its queue when the connection broke leaves before that. Where it matters, use a
 * window of 1, or {@link #inOrder}.
 *
 * <p>A stream remembers ids for its duplicate window, 2 minutes by default. {@link
 * PublisherBuilder#readBack} serves longer silences: it first reads which messages are stored.
 *
 * <p>Thread-safe. It has two threads until it is closed; closing it leaves the connection open.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive">NATS
 *     documentation: message deduplication</a>
 */
public final class IdempotentPublisher implements AutoCloseable {
  private static final long CHECK_MILLIS = 100;
  private static final long LAST_ACKS_NANOS = 5_000_000_000L;
  private static final long LAST_ACKS_ALONE_NANOS = 1_000_000_000;

  private final PublisherBuilder settings;
  private final MessageIds ids;
  private final AckInbox inbox;
  final Resender resender;

  // From here on guarded by this.
  final AckWindow window;
  private long lastSequence;
  private boolean wakeWhenRoom;
  private long stoppedAt;
  private Throwable failure;
  private volatile boolean closed;

  IdempotentPublisher(PublisherBuilder settings)
      throws IOException, JetStreamApiException, InterruptedException {
    this.settings = settings;
    String replies = settings.replies();
    ids = new MessageIds(settings.run);
    window = new AckWindow(replies, settings.window, settings.maxBytes, settings.first());
    inbox = new AckInbox(this, settings.listener, replies + '>');
    if (settings.stream != null && !settings.inOrder) {
      lastSequence = StoredRun.state(settings.connection, settings.stream).getLastSequence();
    }
    resender = new Resender(this, settings, inbox);
    resender.start();
  }

  /** A publisher on a connection that may reconnect by itself. */
  public static PublisherBuilder builder(Connection connection) {
    return new PublisherBuilder(connection, null);
  }

  /**
   * A publisher that keeps the order of the messages of a subject, whatever happens: of two values
   * of a key the later one stays. Its own connections do not reconnect by themselves, because jnats
   * would then first send what it still has in its queue; after a break it reads the newest message
   * of each subject in doubt, and sends what comes after that.
   *
   * <p>In a cluster without a leader a message can be dropped, and a later one of its window stored
   * by the next leader: then the older one is lost.
   *
   * @param options of the connections, but that they do not reconnect
   * @param stream the stream that has the subjects; {@code KV_BUCKET} for a bucket
   */
  public static PublisherBuilder inOrder(Options options, String stream) {
    Options once = new Options.Builder(options).maxReconnects(0).build();
    return new PublisherBuilder(null, once).readBack(stream);
  }

  /** The name of this run. */
  public String run() {
    return settings.run;
  }

  /** The number of the next message. */
  public synchronized long nextNumber() {
    return window.next();
  }

  /** Publishes without headers, see {@link #publish(String, Headers, byte[])}. */
  public PublishAck publish(String subject, byte[] body)
      throws IOException, JetStreamApiException, InterruptedException {
    return publish(subject, null, body);
  }

  /**
   * Publishes a message and waits until the stream has it, however long that takes. The listener
   * does not hear of its ack or refusal.
   *
   * @throws JetStreamApiException when the stream refuses the message
   * @throws NotPermittedException when the permission to publish it, or to get the ack, is missing
   * @throws ConnectionClosedException when the connection is closed for good
   * @throws IOException when the publisher is stopped before there is an ack
   * @throws IllegalArgumentException when the message is larger than the server takes
   */
  public synchronized PublishAck publish(String subject, Headers headers, byte[] body)
      throws IOException, JetStreamApiException, InterruptedException {
    InFlight message = awaitRoom(body) ? take(subject, headers, body, true) : null;
    while (message != null && window.contains(message)) {
      check();
      if (isOverdue()) {
        break;
      }
      wait(CHECK_MILLIS);
    }
    if (message != null && message.refusal != null) {
      throw message.refusal;
    }
    if (message == null || message.ack == null) {
      throw new IOException("The last message has no ack: it may be stored or not");
    }
    return message.ack;
  }

  /** Like {@link #send(String, Headers, byte[])}, without headers. */
  public boolean send(String subject, byte[] body)
      throws IOException, JetStreamApiException, InterruptedException {
    return send(subject, null, body);
  }

  /**
   * Sends a message as soon as there is room for it in the window. The body must not be changed
   * afterwards.
   *
   * @return false when it was not sent, because the publisher is stopped
   * @throws IOException like publish; what has ended the publishing, also a listener's exception
   * @throws IllegalArgumentException when the message is larger than the server takes
   */
  public synchronized boolean send(String subject, Headers headers, byte[] body)
      throws IOException, JetStreamApiException, InterruptedException {
    if (!awaitRoom(body)) {
      return false;
    }
    if (settings.resumed != null && settings.resumed.contains(window.next())) {
      window.skip();
    } else {
      take(subject, headers, body, false);
    }
    return true;
  }

  /** Returns false when the publisher was stopped before there is room. */
  private boolean awaitRoom(byte[] body)
      throws IOException, JetStreamApiException, InterruptedException {
    check();
    while (!window.hasRoom(body.length)) {
      if (isStopped()) {
        return false;
      }
      // To wake this thread for each single ack would cost more than the message that it sends.
      wakeWhenRoom = true;
      wait(CHECK_MILLIS);
      check();
    }
    return true;
  }

  private InFlight take(String subject, Headers headers, byte[] body, boolean awaited) {
    long number = window.next();
    Headers all = ids.headers(number, headers);
    long size = (long) all.serializedLength() + body.length;
    long limit = resender.connection().getMaxPayload();
    if (limit > 0 && size > limit) {
      String text = "Message payload size exceed server configuration %d vs %d"; // jnats' words
      throw new IllegalArgumentException(text.formatted(size, limit));
    }
    InFlight message = new InFlight(number, subject, all, body, awaited, lastSequence);
    resender.send(message);
    return message;
  }

  /**
   * Waits for the acks of all messages; without limit, but once the publisher is stopped.
   *
   * @return how many have none: they may be stored or not
   */
  public synchronized long awaitAcks()
      throws IOException, JetStreamApiException, InterruptedException {
    while (window.span() > 0) {
      check();
      if (isOverdue()) {
        break;
      }
      wait(CHECK_MILLIS);
    }
    return window.pending().size();
  }

  private boolean isStopped() {
    if (stoppedAt == 0 && settings.stop.getAsBoolean()) {
      stoppedAt = System.nanoTime();
    }
    return stoppedAt != 0;
  }

  /** Whether the acks have been waited for long enough since the stop. */
  private boolean isOverdue() {
    long limit = resender.isConnected() ? LAST_ACKS_NANOS : LAST_ACKS_ALONE_NANOS;
    return isStopped() && System.nanoTime() - stoppedAt > limit;
  }

  /** Throws what has ended the publishing. */
  private void check() throws IOException, JetStreamApiException {
    if (failure instanceof Error e) {
      throw e;
    } else if (failure instanceof RuntimeException e) {
      throw e;
    } else if (failure instanceof JetStreamApiException e) {
      throw e;
    } else if (failure instanceof IOException e) {
      throw e;
    } else if (failure != null) {
      throw new IllegalStateException(failure);
    }
    if (closed) {
      throw new IllegalStateException("The publisher is closed");
    }
    if (!settings.inOrder) { // else it makes a new one
      ConnectionClosedException.throwIfClosed(resender.connection());
    }
  }

  /** The first failure counts. */
  synchronized void fail(Throwable e) {
    failure = failure == null ? e : failure;
    notifyAll();
  }

  boolean isClosed() {
    return closed;
  }

  boolean hasEnded() {
    return closed || failure != null;
  }

  synchronized long onTheirWay() {
    return window.span();
  }

  synchronized void settled(
      InFlight message, long sequence, PublishAck ack, JetStreamApiException refusal) {
    message.ack = ack;
    message.refusal = refusal;
    lastSequence = Math.max(lastSequence, sequence);
    window.remove(message);
    if (message.awaited || window.span() == 0 || wakeWhenRoom && !window.isThreeQuartersFull()) {
      wakeWhenRoom = false;
      notifyAll();
    }
  }

  /**
   * Ends the publishing: callers that wait get an {@code IllegalStateException}, and the listener
   * is called no more. A message without an ack is stored or not.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      notifyAll();
    }
    try {
      try {
        resender.end();
      } finally { // also when this thread is interrupted
        inbox.close(resender.connection());
        if (settings.inOrder) {
          resender.connection().close();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
