package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.AckWindow.InFlight;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.impl.Headers;
import io.nats.client.support.NatsJetStreamConstants;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends the messages of an {@link IdempotentPublisher}. Its thread looks after those without an
 * ack: it sends again what is due, and reports to the listener when a silence has lasted too long
 * and when it is over.
 */
final class Resender extends Thread {
  private static final String NO_ACK = "no ack in time";
  private static final long CHECK_NANOS = 100_000_000;
  private static final long FIRST_PAUSE_NANOS = 250_000_000;
  private static final int MOST_DOUBLINGS = 3;
  private static final Duration ANSWER = Duration.ofSeconds(1);

  private final IdempotentPublisher publisher;
  private final PublisherBuilder settings;
  private final AckInbox inbox;
  private final AckWindow window;
  private volatile WatchedConnection link;

  // Guarded by the publisher.
  private String reason = NO_ACK;
  private boolean anyDue;
  private long retryAt;
  private int rounds; // of sending again, in this silence

  // The silence that it is in.
  private long since;
  private boolean reported;
  private int found;
  private int sentAgain;

  Resender(IdempotentPublisher publisher, PublisherBuilder settings, AckInbox inbox)
      throws IOException, InterruptedException {
    super("publish-again");
    setDaemon(true);
    this.publisher = publisher;
    this.settings = settings;
    this.inbox = inbox;
    this.window = publisher.window;
    use(settings.inOrder ? Connector.connect(settings.options) : settings.connection);
  }

  private void use(Connection connection) {
    WatchedConnection fresh = new WatchedConnection(connection);
    inbox.subscribe(connection);
    synchronized (publisher) {
      link = fresh;
      suspectAll();
    }
  }

  Connection connection() {
    return link.connection;
  }

  boolean isConnected() {
    return link.isConnected();
  }

  // ---- called with the publisher's lock, in any thread ----

  /** Sends a new message, or keeps it for later. */
  void send(InFlight message) {
    boolean connected = link.isConnected();
    noticeReconnect();
    window.add(message);
    if (connected && !anyDue) {
      try {
        transmit(message);
      } catch (IllegalArgumentException e) {
        window.remove(message);
        throw e;
      }
    } else {
      // Not before what is due again; and jnats would send it later, behind our back.
      sendLater(message, connected ? reason : "no connection");
      LockSupport.unpark(this);
    }
  }

  private boolean transmit(InFlight message) {
    message.due = false;
    message.sent++;
    message.sentAt = System.nanoTime();
    try {
      link.connection.publish(message.subject, message.replyTo, message.headers, message.body);
      return true;
    } catch (IllegalStateException e) {
      sendLater(message, e.getMessage()); // jnats' own queue is full, or the connection is lost
      return false;
    }
  }

  /** After a break it is unknown which of the messages on their way have arrived. */
  private boolean noticeReconnect() {
    boolean again = link.hasReconnected();
    if (again) {
      suspectAll();
    }
    return again;
  }

  private void suspectAll() {
    for (InFlight message : window.pending()) {
      sendLater(message, "the connection was lost");
    }
    retryAt = System.nanoTime();
  }

  private void pause() {
    retryAt = System.nanoTime() + (FIRST_PAUSE_NANOS << Math.min(rounds, 2));
  }

  // ---- takes the lock itself ----

  void sendLater(InFlight message, String why) {
    synchronized (publisher) {
      message.due = true;
      reason = why;
      if (!anyDue) {
        anyDue = true;
        pause();
      }
    }
  }

  void noStreamAnswers(InFlight message) {
    synchronized (publisher) {
      reason = "what answers on \"" + message.subject + "\" is not a stream";
    }
  }

  // ---- the thread ----

  @Override
  public void run() {
    try {
      while (lookAfter()) {
        LockSupport.parkNanos(this, CHECK_NANOS);
      }
    } catch (Throwable e) { // whatever ends this thread: a caller may wait for acks
      publisher.fail(e);
    }
  }

  /** Ends this thread, and waits until it has ended. */
  void end() throws InterruptedException {
    interrupt();
    if (Thread.currentThread() != this) {
      join(ANSWER.toMillis());
    }
  }

  /** Returns false when the publisher has ended. */
  private boolean lookAfter() throws IOException, JetStreamApiException, InterruptedException {
    List<InFlight> pending;
    int due = 0;
    int doubtful = 0;
    boolean late = false;
    boolean ready;
    String why;
    synchronized (publisher) {
      if (publisher.hasEnded() || !settings.inOrder && link.isClosed()) {
        publisher.notifyAll(); // callers that wait find out why
        return false;
      }
      noticeReconnect();
      long now = System.nanoTime();
      long timeout = settings.ackTimeout.toNanos();
      pending = window.pending();
      String missing = link.violation(settings.replies(), pending);
      if (missing != null) {
        throw new NotPermittedException(missing, null);
      }
      for (InFlight message : pending) {
        long patience = timeout << Math.min(message.sent - 1, MOST_DOUBLINGS);
        if (message.sent > 0 && !message.due && now - message.sentAt > patience) {
          sendLater(message, reason);
          if (message.awaited) {
            // publish returns the ack of the next sending, which says "duplicate".
            window.renew(message);
          }
        }
        due += message.due ? 1 : 0;
        doubtful += message.due || message.sent > 1 ? 1 : 0;
        late |= message.due && now - message.takenAt > timeout;
      }
      anyDue = due > 0;
      if (doubtful == 0) {
        rounds = 0;
        reason = NO_ACK;
      }
      boolean there = settings.inOrder || link.isConnected();
      ready = due > 0 && there && now - retryAt >= 0;
      why = reason;
    }
    if (late && !reported) {
      reported = true;
      inbox.call(() -> settings.listener.noAnswer(pending.size(), why));
    }
    if (doubtful > 0 && since == 0) {
      since = System.nanoTime();
    } else if (doubtful == 0 && since != 0) {
      Duration silence = Duration.ofNanos(System.nanoTime() - since);
      inbox.call(() -> settings.listener.answered(silence, found, sentAgain));
      since = 0;
      reported = false;
      found = 0;
      sentAgain = 0;
    }
    if (ready) {
      sendAgain(due);
    }
    return true;
  }

  private void sendAgain(int due) throws IOException, JetStreamApiException, InterruptedException {
    try {
      if (settings.inOrder && !link.isConnected()) {
        link.connection.close();
        use(Connector.connect(settings.options));
      }
      settings.listener.sendingAgain(due);
      if (settings.stream != null) {
        settleStored();
      }
      sendDue();
    } catch (IOException | JetStreamApiException | IllegalStateException e) {
      if (isFinal(e)) {
        throw e;
      }
      if (settings.inOrder && e instanceof IOException) {
        link.connection.close(); // connected, but silent
      }
      synchronized (publisher) {
        reason = e.getMessage();
        rounds++;
        pause();
      }
    }
  }

  private boolean isFinal(Exception e) {
    return e instanceof NotPermittedException
        || e instanceof ConnectFailedException failed
            && failed.reason() == ConnectFailedException.Reason.LOGIN_REJECTED
        || e instanceof JetStreamApiException refusal && !JetStreamErrors.isTransient(refusal)
        || e instanceof IllegalStateException && link.isConnected();
  }

  /** Finds out which messages the stream has, and counts the others as due. */
  private void settleStored() throws IOException, JetStreamApiException, InterruptedException {
    List<InFlight> sent;
    synchronized (publisher) {
      anyDue = true;
      sent = window.pending();
      sent.forEach(message -> message.due = true);
      sent.removeIf(message -> message.sent == 0);
    }
    if (sent.isEmpty()) {
      return;
    }
    // The stream works through what it is sent in order. When it has refused this, all that was
    // sent before is stored, or has not arrived.
    Headers refuseMe = new Headers().put(NatsJetStreamConstants.EXPECTED_STREAM_HDR, "-");
    if (connection().request(sent.get(0).subject, refuseMe, null, ANSWER) == null
        && !settings.inOrder) {
      StoredRun.state(connection(), settings.stream); // is it gone? That is an answer, too
      throw new IOException("no answer from stream \"" + settings.stream + "\"");
    }
    Map<Long, Long> stored =
        settings.inOrder
            ? StoredRun.upToNewest(connection(), settings.stream, settings.run, sent)
            : StoredRun.find(connection(), settings.stream, settings.run, sent);
    for (InFlight message : sent) {
      Long sequence = stored.get(message.number);
      if (sequence != null && inbox.found(message, settings.stream, sequence)) {
        found++;
      }
    }
  }

  private void sendDue() {
    synchronized (publisher) {
      rounds++;
      if (noticeReconnect()) {
        return; // while it was read what is stored, more was lost
      }
      anyDue = false;
      boolean sending = link.isConnected();
      for (InFlight message : window.pending()) {
        if (message.due) { // no ack has come meanwhile
          if (sending) {
            sending = transmit(message);
            sentAgain++;
          } else {
            sendLater(message, reason);
          }
        }
      }
    }
  }
}
