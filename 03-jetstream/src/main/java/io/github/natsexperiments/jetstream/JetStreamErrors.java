package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.ServerUrls;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.ServerInfo;

/**
 * JetStream's errors in the reader's words. The server sends a number with each; it means the same
 * in every release, which the text does not.
 */
final class JetStreamErrors {
  static final int CONSUMER_NOT_FOUND = 10014;
  static final int STREAM_NOT_FOUND = 10059;
  static final int SUBJECT_TAKEN = 10065;

  private static final String OLDEST_SERVER = "2.9.0";

  private JetStreamErrors() {}

  /** Fails at once where JetStream cannot work, instead of after a timeout that says nothing. */
  static void checkServer(Connection connection) throws Failure {
    ServerInfo server = connection.getServerInfo();
    String url = ServerUrls.withoutSecrets(connection.getConnectedUrl());
    if (!server.isSameOrNewerThanVersion(OLDEST_SERVER)) {
      throw new Failure(
          ExitCode.FAILED,
          "nats-server %s at %s is too old: this lesson needs %s or newer"
              .formatted(server.getVersion(), url, OLDEST_SERVER));
    }
    if (!server.isJetStreamAvailable()) {
      throw new Failure(
          ExitCode.FAILED,
          "JetStream is off on the server at %s: start it as nats-server -js, or use ./lab server"
              .formatted(url));
    }
  }

  /** Whether the same call may succeed a moment later. */
  static boolean passes(JetStreamApiException e) {
    return switch (e.getApiErrorCode()) {
      case 10008, 10009 -> true; // no leader yet, as after a restart of the cluster
      default -> e.getErrorCode() == 429; // too many requests
    };
  }

  /** The error on one line: what the server says, its number, and what to do. */
  static String explain(JetStreamApiException e) {
    String hint =
        switch (e.getApiErrorCode()) {
          case 10005 -> "; has each server of the cluster started, and found the others?";
          case 10012, 10013, 10148 -> "; another --durable makes a new consumer";
          case 10023, 10028, 10047 -> "; delete a stream, or give the server more storage";
          case 10054 -> "; send less at once";
          case STREAM_NOT_FOUND -> "; publisher.jar creates it";
          case 10074 -> "; only a cluster keeps several copies: leave out --replicas";
          case 10077 -> "; purge the stream, or delete it and start with a larger --max-messages";
          case 10084 -> "; a work queue wants acks: leave out --ordered";
          case 10099, 10100 -> "; a work queue has one consumer: use its name with --durable";
          case 10101 -> "; a work queue is read from its beginning: leave out --from";
          default -> "";
        };
    return e.getErrorDescription() + " [" + e.getApiErrorCode() + "]" + hint;
  }

  /** What to tell of a stream that was there. */
  static String gone(String stream) {
    return "Stream \"%s\" is gone, with every message: it was deleted, or it was kept in memory and the server was restarted"
        .formatted(stream);
  }

  /** A failure with the explanation, for what cannot go on. */
  static Failure failure(String what, JetStreamApiException e) {
    return new Failure(ExitCode.FAILED, what + ": " + explain(e), e);
  }
}
