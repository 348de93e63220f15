package io.github.natsexperiments.resilience;

import static io.nats.client.support.NatsJetStreamConstants.JS_CONSUMER_NOT_FOUND_ERR;
import static io.nats.client.support.NatsJetStreamConstants.JS_SEQUENCE_TEMPORARILY_UNKNOWN;
import static io.nats.client.support.NatsJetStreamConstants.JS_WRONG_LAST_SEQUENCE;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import java.io.IOException;

/**
 * Tells JetStream's errors apart: which pass by themselves, which say that something is not there,
 * and which are really a missing permission. The server sends a number with each error, and it
 * means the same in every release; the text does not.
 *
 * @see <a href="https://github.com/nats-io/nats-server/blob/main/server/errors.json">All error
 *     numbers of JetStream</a>
 */
public final class JetStreamErrors {
  /** There is no such stream, or no such bucket: a bucket is a stream. */
  public static final int STREAM_NOT_FOUND = 10059;

  /** A stream or a bucket of this name exists, with another configuration. */
  public static final int STREAM_NAME_IN_USE = 10058;

  /** Another stream has the subject already. */
  public static final int SUBJECTS_OVERLAP = 10065;

  /** Several copies were asked for, and the server is no cluster. */
  public static final int REPLICAS_NEED_A_CLUSTER = 10074;

  static final int WRONG_LAST_MESSAGE_ID = 10070;
  private static final int NO_LEADER = 10008;
  private static final int NOT_LEADER = 10009;
  private static final int DUPLICATE_IN_PROCESS = 10158; // of a cluster: the first is on its way
  private static final int TOO_MANY_REQUESTS = 429;
  private static final String PERMISSIONS_VIOLATION = "permissions violation for ";

  private JetStreamErrors() {}

  /** Whether the same call may succeed a moment later: a cluster elects a leader, for example. */
  public static boolean isTransient(JetStreamApiException e) {
    int code = e.getApiErrorCode();
    return code == NO_LEADER
        || code == NOT_LEADER
        || code == DUPLICATE_IN_PROCESS
        || e.getErrorCode() == TOO_MANY_REQUESTS;
  }

  /** Whether there is no such stream or bucket; also for an exception that wraps this answer. */
  public static boolean isStreamNotFound(Throwable e) {
    return hasCode(e, STREAM_NOT_FOUND);
  }

  /** Whether there is no such consumer. */
  public static boolean isConsumerNotFound(Throwable e) {
    return hasCode(e, JS_CONSUMER_NOT_FOUND_ERR);
  }

  /**
   * Whether a write was refused because the key, or the stream, holds another revision than the one
   * that was expected. A cluster also answers so while another write is on its way.
   */
  public static boolean isWrongRevision(Throwable e) {
    return hasCode(e, JS_WRONG_LAST_SEQUENCE) || hasCode(e, JS_SEQUENCE_TEMPORARILY_UNKNOWN);
  }

  private static boolean hasCode(Throwable e, int code) {
    // jnats wraps some answers in an IOException: getStatus of a bucket that is not there.
    return e instanceof JetStreamApiException api && api.getApiErrorCode() == code
        || e != null
            && e.getCause() instanceof JetStreamApiException cause
            && cause.getApiErrorCode() == code;
  }

  /** Whether an error that the server sent says that the login is not accepted, or has ended. */
  public static boolean isLoginError(String error) {
    String lower = String.valueOf(error).toLowerCase(java.util.Locale.ROOT);
    return lower.contains("authorization violation")
        || lower.startsWith("user authentication")
        || lower.startsWith("account authentication");
  }

  /**
   * Whether an error that the server sent says that a subject is too long for it. It closes the
   * connection then, and so it will each time that the subject is used.
   */
  public static boolean isLineTooLong(String error) {
    return contains(error, "maximum control line exceeded");
  }

  /**
   * Whether an error that the server sent says that the connection has more subscriptions than it
   * may. It closes the connection then, and so it will each time that jnats subscribes again.
   */
  public static boolean isTooManySubscriptions(String error) {
    return contains(error, "maximum subscriptions exceeded");
  }

  private static boolean contains(String error, String words) {
    return String.valueOf(error).toLowerCase(java.util.Locale.ROOT).contains(words);
  }

  /** A request to JetStream. */
  @FunctionalInterface
  public interface Request<T> {
    /** Sends it and waits for the answer. */
    T send() throws IOException, JetStreamApiException, InterruptedException;
  }

  /**
   * Sends a request, and distinguishes a missing permission from a server that does not answer.
   * jnats reports both as a timeout: the server says what is missing in an error of its own, which
   * is no answer to the request.
   *
   * @throws NotPermittedException when the permission to ask is missing
   * @throws ConnectionClosedException when the connection has been closed for good
   * @throws IOException when the server does not answer
   * @throws JetStreamApiException when the answer is an error
   */
  public static <T> T ask(Connection connection, Request<T> request)
      throws IOException, JetStreamApiException, InterruptedException {
    WatchedConnection link = new WatchedConnection(connection);
    try {
      return request.send();
    } catch (IOException | IllegalStateException e) {
      ConnectionClosedException.throwIfClosed(connection);
      String violation = link.violation();
      if (violation != null) {
        throw new NotPermittedException(violation, e);
      }
      throw e;
    }
  }

  /** Whether an error that the server sent says that a permission is missing. */
  public static boolean isPermissionsViolation(String error) {
    return error != null
        && error.regionMatches(true, 0, PERMISSIONS_VIOLATION, 0, PERMISSIONS_VIOLATION.length());
  }
}
