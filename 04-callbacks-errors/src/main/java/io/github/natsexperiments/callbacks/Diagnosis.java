package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import java.util.Locale;

/**
 * What the exceptions of JetStream mean, in the reader's words. The number in square brackets
 * behind a message of the server is the same in every version and language; tell errors apart by it
 * and never by the text.
 */
final class Diagnosis {
  static final int STREAM_NOT_FOUND = 10059;
  static final int CONSUMER_NOT_FOUND = 10014;

  private Diagnosis() {}

  /** The server has answered, and the answer is no. */
  static Failure of(JetStreamApiException e, String stream) {
    String cure =
        switch (e.getApiErrorCode()) {
          case STREAM_NOT_FOUND -> "the stream has gone; was it deleted, or in memory only?";
          case CONSUMER_NOT_FOUND -> "the consumer has gone; was it deleted, or in memory only?";
          case 10023, 10047 -> "the server's storage is full: remove messages or allow it more";
          case 10077 -> "the stream is full: make room or raise its limits, go on with --resume";
          case 10054 -> "the message is larger than the stream allows (max_msg_size)";
          case 10074 -> "only a cluster keeps several copies: leave out --replicas";
          case 10065 -> "another stream has that subject already: choose another --subject";
          case 10039, 10076 -> "JetStream is not enabled for this account";
          default -> "look the number up in gallery.jar or in the server's errors.json";
        };
    return new Failure(
        ExitCode.FAILED, "Stream \"" + stream + "\": " + e.getMessage() + "; " + cure, e);
  }

  /** Whether the same request may succeed a moment later: a cluster elects a leader. */
  static boolean passes(JetStreamApiException e) {
    return e.getApiErrorCode() == 10008 || e.getApiErrorCode() == 10009;
  }

  /** Asks before the first request: without JetStream it comes back as a misleading timeout. */
  static void requireJetStream(Connection connection) throws Failure {
    if (!connection.getServerInfo().isJetStreamAvailable()) {
      throw new Failure(
          ExitCode.FAILED, "JetStream is off on this server: start it with -js, or ./lab server");
    }
  }

  /** The connection has ended for good although nobody here wanted it. */
  static Failure ended(Connection connection) {
    String why = String.valueOf(connection.getLastError());
    return new Failure(
        isLogin(why) ? ExitCode.NOT_AUTHORISED : ExitCode.UNREACHABLE,
        "The connection has ended for good: " + why + "; start again with the right login");
  }

  /** Whether an error of the server says that it does not, or no longer, accept our login. */
  static boolean isLogin(String error) {
    String lower = error.toLowerCase(Locale.ROOT);
    return lower.contains("authorization violation") || lower.contains("user authentication");
  }
}
