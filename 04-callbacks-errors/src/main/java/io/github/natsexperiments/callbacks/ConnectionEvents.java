package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.ServerUrls;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.support.Status;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Every callback that jnats has, each reported as one line on standard error: {@code event:}, the
 * time, the name of the callback or of the event, the server, and what it means.
 *
 * <p>jnats calls these methods one after the other in a thread of its own. A callback that waits
 * for something holds up the next ones, so whatever takes longer than a line of output is handed to
 * another thread.
 *
 * @see <a href="https://docs.nats.io/learn/resilient-clients/connection-events">NATS documentation:
 *     connection events</a>
 */
final class ConnectionEvents implements ConnectionListener, ErrorListener {
  private final Console console;
  private final List<Runnable> closeActions = new CopyOnWriteArrayList<>();
  private boolean opened;
  private boolean away;
  private int attempts;
  private int refusals;
  private volatile boolean ended;
  private String lastException;

  /** Reports the events on this console. */
  ConnectionEvents(Console console) {
    this.console = console;
  }

  /** What to do when the connection has ended for good; may come twice. */
  void onClose(Runnable action) {
    closeActions.add(action);
  }

  /** Throws {@link #ending} once it has ended for good. */
  void throwIfEnded(Connection connection) throws Failure {
    if (ended) {
      throw ending(connection);
    }
  }

  /** Why it has ended for good although nobody here wanted it: exit code 4, or 3. */
  Failure ending(Connection connection) {
    String why = String.valueOf(connection.getLastError());
    Failure lasting = ConnectionLog.lasting(why);
    if (lasting != null) {
      return lasting;
    }
    return new Failure(
        JetStreamErrors.isLoginError(why) ? ExitCode.NOT_AUTHORISED : ExitCode.UNREACHABLE,
        "The connection has ended for good: " + why + "; start again with the right login");
  }

  // ---- ConnectionListener: what happens to the connection ----

  @Override
  public synchronized void connectionEvent(
      Connection connection, Events type, Long time, String url) {
    opened |= type == Events.CONNECTED;
    if (!opened) {
      return; // Nats.connect() has failed, and throws
    }
    switch (type) {
      // May come after Nats.connect() has returned and the connection is in use.
      case CONNECTED -> report(time, "CONNECTED", url, "");
      case DISCONNECTED -> disconnected(connection, time, url);
      // The login is through. Subscriptions follow, and what was queued meanwhile.
      case RECONNECTED -> {
        report(time, "RECONNECTED", url, "");
        away = false;
        attempts = 0;
        refusals = 0;
        lastException = null;
      }
      // The server knows every subscription again: this is the end of the interruption.
      case RESUBSCRIBED -> report(time, "RESUBSCRIBED", url, "");
      // The last event: jnats does not try again. Closed by the program itself, or by jnats when
      // the attempts are used up or the server has refused the login twice.
      case CLOSED -> {
        report(time, "CLOSED", url, "");
        end();
      }
      // A cluster has sent the addresses of its other servers; jnats will try them, too.
      case DISCOVERED_SERVERS ->
          report(time, "DISCOVERED_SERVERS", url, "" + connection.getServers());
      // The server shuts down in order. It disconnects its clients after a grace period, so there
      // is time to finish; in a cluster jnats then goes to another server.
      case LAME_DUCK -> report(time, "LAME_DUCK", url, "the server is about to shut down");
    }
  }

  /** Comes when the connection breaks, then again after each attempt to connect that failed. */
  private void disconnected(Connection connection, long time, String url) {
    if (connection.getStatus() == Connection.Status.CLOSED) {
      report(time, "DISCONNECTED", url, "closed by this program");
    } else if (!away) {
      away = true;
      report(time, "DISCONNECTED", url, "trying to connect again");
    } else {
      report(time, "DISCONNECTED", url, "still trying, attempt " + ++attempts);
    }
  }

  @Override
  @Deprecated
  public void connectionEvent(Connection connection, Events type) {
    // Abstract still, but jnats calls the method with four arguments.
  }

  // ---- ErrorListener: what goes wrong, and where no call of ours could throw it ----

  /** The server sent -ERR: a permission that is missing, a login that has expired. */
  @Override
  public synchronized void errorOccurred(Connection connection, String error) {
    report("errorOccurred", connection, error);
    // Refused by every server when it connects again: jnats gives up, too, but only when it has
    // been refused twice, each time at the end of the connect timeout.
    if (JetStreamErrors.isLoginError(error) && away && ++refusals >= connection.getServers().size()
        || ConnectionLog.lasting(error) != null) { // at each attempt
      end();
    }
  }

  private void end() {
    ended = true;
    closeActions.forEach(Runnable::run);
  }

  /** Something was thrown in one of jnats' threads, among them a message handler's. */
  @Override
  public synchronized void exceptionOccurred(Connection connection, Exception e) {
    // While the server is away every attempt fails for the same reason: reported once.
    if (!e.toString().equals(lastException)) {
      lastException = e.toString();
      report("exceptionOccurred", connection, lastException);
    }
  }

  /** Messages come faster than a handler takes them: jnats has begun to drop. Once per episode. */
  @Override
  public synchronized void slowConsumerDetected(Connection connection, Consumer consumer) {
    report(
        "slowConsumerDetected",
        connection,
        consumer.getDroppedCount() + " messages dropped so far by this subscription");
  }

  /** The outgoing queue is full, and its options say to discard rather than to wait. */
  @Override
  public synchronized void messageDiscarded(Connection connection, Message message) {
    report("messageDiscarded", connection, "a message to \"" + message.getSubject() + "\"");
  }

  /** The server has not sent what it promised to send in an idle time: the pull is lost. */
  @Override
  public synchronized void heartbeatAlarm(
      Connection connection, JetStreamSubscription subscription, long stream, long consumer) {
    report(
        "heartbeatAlarm",
        connection,
        "nothing from the consumer; last sequence of the stream "
            + stream
            + ", its own "
            + consumer);
  }

  /** The server sent a status that jnats does not know. */
  @Override
  public synchronized void unhandledStatus(
      Connection connection, JetStreamSubscription subscription, Status status) {
    report("unhandledStatus", connection, status.getMessageWithCode());
  }

  /** A pull ended before its time; the next one may work. */
  @Override
  public synchronized void pullStatusWarning(
      Connection connection, JetStreamSubscription subscription, Status status) {
    // "404 No Messages" and "408 Request Timeout" end a pull that found nothing: that is normal.
    if (status.getCode() != 404 && status.getCode() != 408) {
      report("pullStatusWarning", connection, status.getMessageWithCode());
    }
  }

  /** A pull failed and the next one will, too: the consumer was deleted, for example. */
  @Override
  public synchronized void pullStatusError(
      Connection connection, JetStreamSubscription subscription, Status status) {
    report("pullStatusError", connection, status.getMessageWithCode());
  }

  /** A push consumer with flow control has answered the server; nothing is wrong. */
  @Override
  public synchronized void flowControlProcessed(
      Connection connection,
      JetStreamSubscription subscription,
      String subject,
      FlowControlSource source) {
    report("flowControlProcessed", connection, source + " on \"" + subject + "\"");
  }

  /** The server does not read: a write took longer than the options allow. */
  @Override
  public synchronized void socketWriteTimeout(Connection connection) {
    report("socketWriteTimeout", connection, "jnats closes the socket and connects again");
  }

  // ---- one line for each ----

  /** The connection seems to be there, but does not answer: HalfOpenGuard has noticed. */
  void stuck(Connection connection) {
    report("stuck", connection, "connected, but no answer: connecting again");
  }

  /** Something the program itself has noticed. */
  void report(String name, Connection connection, String text) {
    report(System.currentTimeMillis(), name, connection.getConnectedUrl(), text);
  }

  private void report(long time, String name, String url, String text) {
    String server = url == null ? "" : " " + ServerUrls.withoutSecrets(url);
    String clock = "%tT.%<tL".formatted(time);
    console.info("event: " + clock + " " + name + server + (text.isEmpty() ? "" : ": " + text));
  }
}
