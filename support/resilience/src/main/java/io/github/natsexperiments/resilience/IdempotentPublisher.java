package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.AckWindow.Answer;
import io.github.natsexperiments.resilience.AckWindow.Slot;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Options;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

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
  static final String NO_ACK = "no ack in time";
  private static final long CHECK_MILLIS = 100;
  private static final long FIRST_PAUSE_NANOS = 250_000_000;

  final PublisherBuilder settings;
  private final MessageIds ids;
  final String replies; // begins the subject of each ack
  final AckInbox inbox;
  private final Resender resender;
  volatile WatchedConnection link;

  // From here on guarded by this.
  final AckWindow window;
  String reason = NO_ACK;
  boolean anyDue;
  long retryAt;
  int rounds; // of sending again, in this silence
  private long lastSequence;
  private boolean wakeWhenRoom;
  final PublishEnd end;

  IdempotentPublisher(PublisherBuilder settings)
      throws IOException, JetStreamApiException, InterruptedException {
    this.settings = settings;
    this.ids = new MessageIds(settings.run);
    this.end = new PublishEnd(settings.stop);
    Options options =
        settings.options == null ? settings.connection.getOptions() : settings.options;
    // createInbox() makes a name of 22 characters. Each ack carries it, and both sides read it.
    this.replies = options.getInboxPrefix() + settings.run + '.';
    this.inbox = new AckInbox(this, settings.listener, replies + '>');
    long first = settings.resumed == null ? 0 : settings.resumed.firstMissing();
    this.window = new AckWindow(replies, settings.window, settings.maxBytes, first);
    if (settings.readBack != null) {
      lastSequence = StoredRun.state(settings.connection, settings.readBack).getLastSequence();
    }
    use(settings.connection == null ? Connector.connect(settings.options) : settings.connection);
    resender = new Resender(this);
    resender.start();
  }

  /** A publisher on a connection that may reconnect by itself. */
  public static PublisherBuilder builder(Connection connection) {
    return new PublisherBuilder(connection, null, null);
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
    return new PublisherBuilder(
        null, new Options.Builder(options).maxReconnects(0).build(), stream);
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
  public PublishAck publish(String subject, Headers headers, byte[] body)
      throws IOException, JetStreamApiException, InterruptedException {
    Answer answer = new Answer();
    synchronized (this) {
      boolean taken = take(subject, headers, body, answer);
      while (taken && answer.ack == null && answer.refusal == null) {
        check();
        if (end.isOverdue(link.isConnected())) {
          break;
        }
        wait(CHECK_MILLIS);
      }
    }
    if (answer.refusal != null) {
      throw answer.refusal;
    }
    if (answer.ack == null) {
      throw new IOException("The last message has no ack: it may be stored or not");
    }
    return answer.ack;
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
   * @throws IOException what has ended the publishing, see {@link #publish(String, Headers,
   *     byte[])}; here, too, {@code JetStreamApiException} and what a listener has thrown
   * @throws IllegalArgumentException when the message is larger than the server takes
   */
  public boolean send(String subject, Headers headers, byte[] body)
      throws IOException, JetStreamApiException, InterruptedException {
    return take(subject, headers, body, null);
  }

  private synchronized boolean take(String subject, Headers headers, byte[] body, Answer answer)
      throws IOException, JetStreamApiException, InterruptedException {
    check();
    while (!window.hasRoom(body.length)) {
      if (end.isStopped()) {
        return false;
      }
      // To wake this thread for each single ack would cost more than the message that it sends.
      wakeWhenRoom = true;
      wait(CHECK_MILLIS);
      check();
    }
    long number = window.next();
    if (answer == null && settings.resumed != null && settings.resumed.contains(number)) {
      window.skip();
      return true;
    }
    Headers all = ids.headers(number, headers);
    long size = (long) all.serializedLength() + body.length;
    long limit = link.connection.getMaxPayload();
    if (limit > 0 && size > limit) {
      String text = "Message payload size exceed server configuration %d vs %d"; // jnats' words
      throw new IllegalArgumentException(text.formatted(size, limit));
    }
    boolean connected = link.isConnected();
    noticeReconnect();
    Slot slot = window.take(subject, body);
    slot.headers = all;
    slot.answer = answer;
    slot.after = lastSequence;
    if (connected && !anyDue) {
      transmit(slot);
    } else {
      // Not before what is due again; and jnats would send it later, behind our back.
      sendLater(slot, connected ? reason : "no connection");
      LockSupport.unpark(resender);
    }
    return true;
  }

  boolean transmit(Slot slot) {
    slot.due = false;
    slot.sent++;
    slot.sentAt = System.nanoTime();
    try {
      link.connection.publish(slot.subject, slot.replyTo, slot.headers, slot.body);
      return true;
    } catch (IllegalArgumentException e) {
      window.free(slot);
      throw e;
    } catch (IllegalStateException e) {
      sendLater(slot, e.getMessage()); // jnats' own queue is full, or the connection is lost
      return false;
    }
  }

  synchronized void sendLater(Slot slot, String why) {
    slot.due = true;
    slot.settling = false;
    reason = why;
    if (!anyDue) {
      anyDue = true;
      retryAt = System.nanoTime() + (FIRST_PAUSE_NANOS << Math.min(rounds, 2));
    }
  }

  /**
   * Waits for the acks of all messages, without limit until the publisher is stopped.
   *
   * @return how many have none: they may be stored or not
   */
  public long awaitAcks() throws IOException, JetStreamApiException, InterruptedException {
    return awaitAcks(Duration.ofNanos(Long.MAX_VALUE));
  }

  /** Waits for the acks of all messages, at most so long; see {@link #awaitAcks()}. */
  public synchronized long awaitAcks(Duration limit)
      throws IOException, JetStreamApiException, InterruptedException {
    long start = System.nanoTime();
    while (window.span() > 0) {
      check();
      long left = limit.toNanos() - (System.nanoTime() - start);
      if (left <= 0 || end.isOverdue(link.isConnected())) {
        break;
      }
      wait(Math.min(CHECK_MILLIS, left / 1_000_000 + 1));
    }
    return window.pending().size();
  }

  private void check() throws IOException, JetStreamApiException {
    end.check();
    if (settings.inOrder == null) {
      ConnectionClosedException.throwIfClosed(link.connection);
    }
  }

  synchronized void fail(Throwable e) {
    end.fail(e);
    notifyAll();
  }

  synchronized void free(Slot slot, long sequence) {
    boolean awaited = slot.answer != null;
    lastSequence = Math.max(lastSequence, sequence);
    window.free(slot);
    if (awaited || window.span() == 0 || wakeWhenRoom && !window.isThreeQuartersFull()) {
      wakeWhenRoom = false;
      notifyAll();
    }
  }

  /** Takes a new connection, or the first one. */
  void use(Connection fresh) {
    WatchedConnection watched = new WatchedConnection(fresh);
    inbox.subscribe(fresh);
    synchronized (this) {
      link = watched;
      suspectAll();
    }
  }

  /** After a break nobody knows what of that on its way has arrived. */
  synchronized boolean noticeReconnect() {
    boolean again = link.hasReconnected();
    if (again) {
      suspectAll();
    }
    return again;
  }

  private void suspectAll() {
    for (Slot slot : window.pending()) {
      if (!slot.settling) {
        sendLater(slot, "the connection was lost");
      }
    }
    retryAt = System.nanoTime();
  }

  /**
   * Ends the publishing: who waits is woken and gets an {@code IllegalStateException}, the listener
   * hears of nothing more. What has no ack is stored or not.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (!end.close()) {
        return;
      }
      notifyAll();
    }
    try {
      resender.end();
      inbox.close(link.connection);
      if (settings.inOrder != null) {
        link.connection.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
