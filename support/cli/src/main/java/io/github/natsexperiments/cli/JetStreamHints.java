package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.JetStreamErrors;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusException;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.ServerInfo;
import io.nats.client.support.Status;

/**
 * JetStream's errors in the reader's words. The server sends a number with each; it means the same
 * in every release, which the text does not.
 *
 * @see <a href="https://github.com/nats-io/nats-server/blob/main/server/errors.json">All error
 *     numbers of JetStream</a>
 */
public final class JetStreamHints {
  private static final String OLDEST_SERVER = "2.9.0";

  private JetStreamHints() {}

  /**
   * Fails at once where JetStream cannot work, instead of after a timeout that says nothing.
   *
   * @throws Failure exit code 1
   */
  public static void checkServer(Connection connection) throws Failure {
    ServerInfo server = connection.getServerInfo();
    String url = ServerUrls.withoutSecrets(connection.getConnectedUrl());
    if (!server.isSameOrNewerThanVersion(OLDEST_SERVER)) {
      throw new Failure(
          ExitCode.FAILED,
          "nats-server %s at %s is too old: these lessons need %s or newer"
              .formatted(server.getVersion(), url, OLDEST_SERVER));
    }
    if (!server.isJetStreamAvailable()) {
      throw new Failure(
          ExitCode.FAILED,
          "JetStream is off on the server at %s: start it as nats-server -js, or use ./lab server"
              .formatted(url));
    }
  }

  /** The error on one line: what the server says, its number, and what to do if that is known. */
  public static String explain(JetStreamApiException e) {
    return e.getErrorDescription() + " [" + e.getApiErrorCode() + "]" + hint(e);
  }

  private static String hint(JetStreamApiException e) {
    return switch (e.getApiErrorCode()) {
      case 10002 -> "; the account has used up its storage: make room, or raise its limit";
      case 10005 -> "; has each server of the cluster started, and found the others?";
      case 10012, 10013, 10148 -> "; another --durable makes a new consumer";
      case 10014 -> "; the consumer has gone: was it deleted, or in memory only?";
      case 10023, 10028, 10047 -> "; delete a stream, or give the server more storage";
      case 10026 ->
          "; the account has as many as it may, or the stream has: delete one, or raise the limit";
      case 10027 -> "; the account has as many as it may: delete one, or raise its limit";
      case 10039, 10076 -> "; enable JetStream for the account, or log in to another one";
      case 10054 -> "; send less at once, or raise the stream's max_msg_size";
      case JetStreamErrors.STREAM_NOT_FOUND ->
          "; the stream has gone: was it deleted, or in memory only?";
      case JetStreamErrors.SUBJECTS_OVERLAP -> "; choose another --subject";
      case JetStreamErrors.REPLICAS_NEED_A_CLUSTER ->
          "; only a cluster keeps several copies: leave out --replicas";
      case 10077 -> whyNotStored(e.getErrorDescription());
      case 10084 -> "; a work queue wants acks: leave out --ordered";
      case 10099, 10100 -> "; a work queue has one consumer: use its name with --durable";
      case 10101 -> "; a work queue is read from its beginning: leave out --from";
      default -> "";
    };
  }

  /** One number for everything that keeps a message out of a stream; only the text differs. */
  private static String whyNotStored(String text) {
    return text.startsWith("maximum ") && text.endsWith(" exceeded")
        ? "; the stream is full: make room, or raise its limits"
        : "";
  }

  /** What has become of a stream that was there. */
  public static String gone(String stream) {
    return "Stream \"%s\" is gone, with every message: it was deleted, or it was kept in memory and the server was restarted"
        .formatted(stream);
  }

  /** What has become of the end of a stream. */
  public static String wentBack(String stream, long lastSequence) {
    return "Stream \"%s\" has lost what came after sequence %d: the server came back with older data"
        .formatted(stream, lastSequence);
  }

  /** What keeps a consumer that is there from giving anything for now; null for nothing. */
  public static String paused(ConsumerInfo consumer) {
    return consumer.getPaused()
        ? "Consumer \"%s\" is paused, so nothing comes before %s"
            .formatted(
                consumer.getName(), consumer.getConsumerConfiguration().getPauseUntil().toInstant())
        : null;
  }

  /** A consumer that does not want an ack for each message forgets what was not handled. */
  public static void requireExplicitAcks(ConsumerInfo consumer) throws Failure {
    AckPolicy policy = consumer.getConsumerConfiguration().getAckPolicy();
    if (policy != AckPolicy.Explicit) {
      throw new Failure(
          ExitCode.FAILED,
          "Consumer \"%s\" has the ack policy %s, so messages can be lost: choose another --durable"
              .formatted(consumer.getName(), policy));
    }
  }

  /** A failure with the explanation, for what cannot go on. */
  static Failure failure(JetStreamApiException e) {
    return new Failure(ExitCode.FAILED, explain(e), e);
  }

  /** The same with what it is about. */
  public static Failure failure(String what, JetStreamApiException e) {
    return new Failure(ExitCode.FAILED, what + ": " + explain(e), e);
  }

  /** The same for a consumer from which the server gives nothing. */
  static Failure failure(JetStreamStatusException e) {
    Status status = e.getStatus();
    String text = status.getMessageWithCode();
    boolean push = status.getMessage().equals(Status.CONSUMER_IS_PUSH_BASED);
    boolean group = status.getMessage().contains("Priority Group");
    return new Failure(
        ExitCode.FAILED,
        "The server sends nothing: "
            + text
            + (push || group ? "; this reads plain pull consumers: choose another --durable" : ""),
        e);
  }
}
