package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.JetStreamErrors;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Subscription;
import io.nats.client.support.JsonParseException;
import io.nats.client.support.JsonParser;
import io.nats.client.support.JsonValue;
import io.nats.client.support.JsonValueUtils;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * Who we are, as the server sees it: the file may say something else, when the account has a
 * template for its users, for example, or when the server does not look at the file at all.
 *
 * @param data the server's answer
 * @see <a href="https://docs.nats.io/concepts/ecosystem">NATS documentation: {@code nats account
 *     info} asks the same</a>
 */
record UserInfo(JsonValue data) {
  private static final String SUBJECT = "$SYS.REQ.USER.INFO";
  private static final String INBOX = ".user-info";
  private static final Duration WAIT = Duration.ofMillis(500);

  /**
   * Asks; null when the server does not answer, as one before 2.10, or when we may not ask. This
   * has an inbox of its own: if the one for all requests were refused here, nobody would hear of it
   * later.
   */
  static UserInfo ask(Connection connection) throws InterruptedException {
    String inbox = connection.createInbox() + INBOX;
    try {
      Subscription answers = connection.subscribe(inbox);
      answers.unsubscribe(1);
      connection.publish(SUBJECT, inbox, null);
      // The refusal, if there is one, comes before the answer to this.
      connection.flush(WAIT);
      if (isAbout(connection.getLastError())) {
        return null;
      }
      Message answer = answers.nextMessage(WAIT);
      if (answer == null || answer.isStatusMessage()) {
        return null;
      }
      JsonValue data = JsonValueUtils.readObject(JsonParser.parse(answer.getData()), "data");
      return JsonValueUtils.readString(data, "user") == null ? null : new UserInfo(data);
    } catch (TimeoutException | IllegalStateException | JsonParseException e) {
      Log.LOG.debug(SUBJECT, e);
      return null;
    }
  }

  /** Whether an error of the server is about this question only. */
  static boolean isAbout(String error) {
    return JetStreamErrors.isPermissionsViolation(error)
        && (error.contains(SUBJECT) || error.contains(INBOX + "\""));
  }

  /** Whether this is the user of a JWT. */
  boolean is(Jwt jwt) {
    return jwt.subject().equals(JsonValueUtils.readString(data, "user"));
  }

  /** The user as a phrase, see {@link Jwt#inWords()}. */
  String inWords(Jwt jwt) {
    boolean same = is(jwt);
    return "\""
        + (same ? jwt.name() : Jwt.shown(data, "user"))
        + "\", "
        + Jwt.mayDo(JsonValueUtils.readObject(data, "permissions"), "publish", "subscribe")
        + (same && jwt.expires() != null ? ", until " + jwt.expires() : "");
  }
}
