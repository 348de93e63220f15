package io.github.natsexperiments.resilience;

import static io.nats.client.support.NatsJetStreamConstants.DEFAULT_API_PREFIX;
import static io.nats.client.support.NatsJetStreamConstants.JSAPI_CONSUMER_MSG_NEXT;
import static io.nats.client.support.NatsJetStreamConstants.NATS_PENDING_MESSAGES;

import io.nats.client.Connection;
import io.nats.client.JetStreamStatusException;
import io.nats.client.Message;
import io.nats.client.PullRequestOptions;
import io.nats.client.Subscription;
import io.nats.client.impl.Headers;
import io.nats.client.support.Status;
import java.time.Duration;

/**
 * The requests for messages that a {@link ResumingConsumer} has at the server, and what arrives: at
 * most two at a time, bounded by messages and by bytes. For a thread of its own. jnats' own
 * requests keep the server's answers to themselves, or report them to the {@code ErrorListener}
 * only.
 */
final class PullRequests {
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);
  private static final long CHECK_MILLIS = 100;
  private static final long LONGEST_ARRIVAL = Duration.ofMillis(500).toNanos();

  private final Connection connection;
  private final String stream;
  private final String inbox;
  private int batch;
  private long bytes; // of one request
  private Duration expires = Duration.ofSeconds(30);
  private int open; // messages asked for that have not come
  private int last; // messages of the last request
  private long round;
  private Subscription subscription; // to the answers
  private boolean ended;
  private WatchedConnection link;

  PullRequests(Connection connection, String stream, int batch) {
    this.connection = connection;
    this.stream = stream;
    this.inbox = connection.createInbox() + ".";
    this.batch = batch;
    long largest = connection.getMaxPayload() + 4096; // with its headers and subjects
    this.bytes = Math.max(Runtime.getRuntime().maxMemory() / 16, largest);
  }

  /** Subscribes to the answers. */
  void subscribe() {
    subscription = connection.subscribe(inbox + "*");
    subscription.setPendingLimits(-1, -1); // what is asked for is bounded
    link = new WatchedConnection(connection);
  }

  /** Whether jnats has ended the subscription, which it does when the connection is closed. */
  boolean areEnded() {
    return ended || subscription != null && !subscription.isActive();
  }

  /** The next message or status; null when none comes in time. */
  Message next(long millis) throws InterruptedException {
    try {
      return subscription.nextMessage(millis);
    } catch (IllegalStateException e) {
      ended = true; // jnats says so a moment before isActive does
      throw e;
    }
  }

  /** How much has arrived and waits for {@link #next}. */
  long arrived() {
    return subscription.getPendingMessageCount();
  }

  /**
   * Waits for the messages on their way, while nothing is handled and nothing more is asked for. If
   * we unsubscribed first, the server would not deliver them again before the ack wait is over.
   */
  void awaitArrivals() throws InterruptedException {
    long end = System.nanoTime() + LONGEST_ARRIVAL;
    long before;
    do {
      before = arrived();
      Thread.sleep(CHECK_MILLIS);
    } while (arrived() != before && System.nanoTime() - end < 0);
  }

  /** Nothing arrives afterwards. */
  void unsubscribe(Duration limit) throws InterruptedException {
    if (subscription != null) {
      RoundTrip.drain(subscription, limit);
    }
  }

  /** Whether the server owes us messages. */
  boolean isOpen() {
    return open > 0;
  }

  /** The server has forgotten our requests, or answers to them no longer count. */
  void clear() {
    open = 0;
    round++;
  }

  /** A message has come. */
  void delivered() {
    open = Math.max(0, open - 1);
  }

  /**
   * Asks for more when half of what may wait here has come.
   *
   * @param left most messages to ask for
   * @return whether it did
   * @throws IllegalStateException when there is no connection just now
   */
  boolean ask(String consumer, long left) {
    int most = (int) Math.min(batch, left);
    if (most == 0 || open > most / 2) {
      return false;
    }
    last = most - open;
    Duration third = expires.dividedBy(3);
    PullRequestOptions request =
        PullRequestOptions.builder(last)
            .maxBytes(bytes)
            .expiresIn(expires)
            .idleHeartbeat(third.compareTo(HEARTBEAT) < 0 ? third : HEARTBEAT)
            .build();
    connection.publish(subject(consumer), inbox + round, request.serialize());
    open = most;
    return true;
  }

  private String subject(String consumer) {
    return DEFAULT_API_PREFIX + JSAPI_CONSUMER_MSG_NEXT.formatted(stream, consumer);
  }

  /**
   * Reads what the server says of a request.
   *
   * @return null when all is well; why there is to be another look, and another request
   * @throws JetStreamStatusException when it will not say anything else next time
   */
  String answer(Message message) {
    Status status = message.getStatus();
    if (status.isHeartbeat() || !message.getSubject().equals(inbox + round)) {
      return null; // or of a request from before the last look
    }
    Headers headers = message.getHeaders();
    String unused = headers == null ? null : headers.getFirst(NATS_PENDING_MESSAGES);
    open = unused == null ? 0 : Math.max(0, open - Integer.parseInt(unused));
    boolean nothingFits = String.valueOf(last).equals(unused);
    return switch (status.getCode()) {
      case Status.NOT_FOUND_CODE, Status.REQUEST_TIMEOUT_CODE -> null;
      case Status.NO_RESPONDERS_CODE -> status.getMessageWithCode(); // no leader, or no consumer
      case Status.CONFLICT_CODE ->
          switch (status.getMessage()) {
            case Status.BATCH_COMPLETED -> null;
            case Status.MESSAGE_SIZE_EXCEEDS_MAX_BYTES ->
                nothingFits ? status.getMessageWithCode() : null;
            case Status.CONSUMER_DELETED, Status.LEADERSHIP_CHANGE, Status.SERVER_SHUTDOWN ->
                status.getMessageWithCode();
            default -> askForLess(status);
          };
      default -> throw new JetStreamStatusException(status);
    };
  }

  /** The limit of a consumer or an account is in the text only: half is tried, then half of it. */
  private String askForLess(Status status) {
    String text = status.getMessage();
    if (text.startsWith(Status.EXCEEDED_MAX_WAITING)) {
      return status.getMessageWithCode();
    } else if (text.startsWith(Status.EXCEEDED_MAX_REQUEST_BATCH) && batch > 1) {
      batch /= 2;
    } else if (text.startsWith(Status.EXCEEDED_MAX_REQUEST_EXPIRES) && expires.toMillis() > 20) {
      expires = expires.dividedBy(2);
    } else if (text.startsWith(Status.EXCEEDED_MAX_REQUEST_MAX_BYTES) && bytes > 1) {
      bytes /= 2;
    } else {
      throw new JetStreamStatusException(status);
    }
    return null;
  }

  /** Whether our requests or acks are refused, or their answers. */
  void throwIfNotPermitted(String consumer) throws NotPermittedException {
    String error = link.violation();
    if (error != null
        && (error.contains(subject(consumer))
            || error.contains('"' + connection.getOptions().getInboxPrefix()) // no inbox, no answer
            || error.contains("$JS.ACK.") && error.contains("." + stream + "."))) {
      throw new NotPermittedException(error, null);
    }
  }
}
