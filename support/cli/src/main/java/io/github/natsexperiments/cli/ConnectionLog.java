package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.ConnectFailedException;
import io.github.natsexperiments.resilience.ConnectFailedException.Reason;
import io.github.natsexperiments.resilience.ConnectionClosedException;
import io.github.natsexperiments.resilience.Connector;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import io.nats.client.Options;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * Logs on standard error what happens to a connection: that the server has gone and is back, and
 * that messages were dropped. Lesson 04 shows how to write such listeners, with every event. A
 * lesson that has more to do at an event extends it.
 */
public class ConnectionLog implements ConnectionListener, ErrorListener {
  private static final String ACK = "\"$JS.ACK."; // without it a message comes again for ever

  private final Stop stop;
  private final List<String> subjects;
  private boolean connected;
  private boolean lost; // after it was connected
  private long dropped; // as reported last
  private Reason reported; // why it does not come back
  private volatile String user; // as a phrase; null when nobody knows

  /** Only reports. */
  public ConnectionLog() {
    this(null);
  }

  /**
   * Reports, and ends the run when jnats has closed the connection for good.
   *
   * @param stop what ends the run; null to leave it alone
   * @param subjects what the run cannot do without: when the server refuses one of them, the run
   *     ends as well. One that ends with a dot stands for all that begin with it
   */
  public ConnectionLog(Stop stop, String... subjects) {
    this.stop = stop;
    this.subjects = List.of(subjects);
  }

  @Override
  public synchronized void connectionEvent(
      Connection connection, Events type, Long time, String url) {
    String server = ServerUrls.withoutSecrets(url);
    switch (type) {
      case CONNECTED -> connected = true;
      case DISCONNECTED -> {
        // Comes again after every failed attempt, and once when the program itself closes.
        if (connected && connection.getStatus() != Connection.Status.CLOSED) {
          connected = false;
          lost = true;
          Log.LOG.warn("Disconnected from {}; trying to connect again", server);
        }
      }
      case RECONNECTED -> {
        connected = true;
        lost = false;
        reported = null;
        if (JetStreamErrors.isLoginError(connection.getLastError())) {
          connection.clearLastError(); // the login has worked since
        }
        Log.LOG.info("Connected again to {}", server);
      }
      case CLOSED -> {
        Log.LOG.debug("The connection is closed");
        if (lost) { // not by the program itself
          fail(Failure.of(ConnectionClosedException.of(connection)));
        }
      }
      case LAME_DUCK -> Log.LOG.warn("{} is about to shut down", server);
      default -> Log.LOG.debug("{} {}", type.getEvent(), server);
    }
  }

  @Override
  @Deprecated
  public void connectionEvent(Connection connection, Events type) {
    // The older form of the method above; jnats calls that one.
  }

  @Override
  public void errorOccurred(Connection connection, String error) {
    Failure refused = refused(error);
    if (stop != null && refused != null) {
      stop.fail(refused); // said once, as the end of the run
    } else if (UserInfo.isAbout(error) || isReportedByWhoAsked(error)) {
      Log.LOG.debug("The server says: {}", error);
    } else {
      Log.LOG.warn("The server says: {}", error);
    }
  }

  /**
   * Whoever asks the JetStream API and waits for the answer reports that it may not, as the end of
   * the run or as a warning. Nobody waits for the answer when a consumer is deleted at the end.
   */
  private static boolean isReportedByWhoAsked(String error) {
    return JetStreamErrors.isPermissionsViolation(error)
        && (error.contains("\"$JS.API.") && !error.contains(".CONSUMER.DELETE.")
            || error.contains("Publish to \"$KV.")
            || error.contains("Subscription to \"" + Options.DEFAULT_INBOX_PREFIX));
  }

  /** The refusal of a subject of ours: {@code Permissions Violation for Publish to "bar"}. */
  private Failure refused(String error) {
    Failure lasting = lasting(error);
    if (lasting != null) {
      return lasting;
    }
    if (!JetStreamErrors.isPermissionsViolation(error)
        || UserInfo.isAbout(error)
        || subjects.stream().noneMatch(subject -> names(error, subject)) && !error.contains(ACK)) {
      return null;
    }
    return Failure.of(
        new NotPermittedException(error + (user == null ? "" : ", to user " + user), null));
  }

  /** The server quotes a subject; one of ours that ends with a dot is the beginning of it. */
  private static boolean names(String error, String subject) {
    return error.contains('"' + subject + (subject.endsWith(".") ? "" : "\""));
  }

  /**
   * What to do when the server closes the connection, and will each time that jnats is back.
   *
   * @return null when the error is none of that kind
   */
  public static Failure lasting(String error) {
    String what = null;
    if (JetStreamErrors.isLineTooLong(error)) {
      what =
          "The server takes no subject or key that long (max_control_line): choose a shorter one";
    } else if (JetStreamErrors.isTooManySubscriptions(error)) {
      what = "The server allows no more subscriptions (max_subscriptions, or a limit of the user)";
    }
    return what == null ? null : new Failure(ExitCode.FAILED, what);
  }

  /**
   * Ends the run for what the server said last, in case the listener has not heard it yet: the
   * server answers in the order of what it gets, so after a flush the error is there.
   *
   * @param connection of the run, at its end, before it is closed
   */
  void check(Connection connection) {
    Failure refused = refused(connection.getLastError());
    if (stop != null && refused != null) {
      stop.fail(refused); // also when all else is done: the last ack may be what it refuses
    }
  }

  /**
   * Says whom the server refuses something.
   *
   * @param phrase the user, and what it may do
   */
  final void setUser(String phrase) {
    user = phrase;
  }

  private void fail(Failure why) {
    if (stop != null && !stop.asked()) {
      stop.fail(why);
    }
  }

  @Override
  public void exceptionOccurred(Connection connection, Exception e) {
    Throwable what = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    if (isReported(connection, what)) {
      Log.LOG.debug("connection", e);
    } else if (what instanceof IOException
        || what instanceof TimeoutException
        || what instanceof CancellationException
        || what instanceof InterruptedException) { // a handler at work when the connection closes
      Log.LOG.debug("connection", e); // the event says it in the reader's words
    } else {
      Log.LOG.warn("{}", e.toString());
      Log.LOG.debug("", e);
    }
  }

  /** Whether the server answers, and yet there is no connection: said once, with the cure. */
  private synchronized boolean isReported(Connection connection, Throwable e) {
    if (!lost || !(e instanceof IOException || e instanceof TimeoutException)) {
      return false;
    }
    ConnectFailedException why = Connector.explain(connection.getOptions(), e);
    if (why.reason() == Reason.UNREACHABLE) {
      return false;
    }
    if (why.reason() != reported) {
      reported = why.reason();
      Log.LOG.warn("{}; trying again", Connections.failure(why, null).getMessage());
    }
    return true;
  }

  @Override
  public void slowConsumerDetected(Connection connection, Consumer consumer) {
    // jnats calls this thousands of times a second: each line is for twice as many.
    long now = consumer.getDroppedCount();
    if (now >= 2 * dropped) {
      dropped = now;
      Log.LOG.warn("Messages come faster than they are handled: {} dropped so far", now);
    }
  }
}
