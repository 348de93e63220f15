package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.HalfOpenGuard;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import io.nats.client.Options;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * One run of a program, from the command line to the summary: what ends it, where it prints, what
 * it counts.
 *
 * <pre>{@code
 * try (Run run = common.run("Published", count, false);
 *     Connection connection = run.connect(run.settings("my name").build())) {
 *   …
 *   return run.result();
 * }
 * }</pre>
 *
 * <p>Closed last, it prints the summary line, also when something failed.
 */
public final class Run implements AutoCloseable {
  private final CommonOptions common;
  private final Stop stop = Stop.onSignals();
  private final Console console;
  private final Tally tally;
  private LoginListener log;
  private Login login;
  private Connection connection;
  private Outgoing outgoing;
  private String more;
  private boolean summary = true;

  /**
   * @param verb begins the summary line: {@code Published}, {@code Received}
   * @param count messages at the end, or {@link Long#MAX_VALUE} when nobody knows
   * @param gaps whether gaps in the messages' numbers mean loss
   */
  Run(CommonOptions common, String verb, long count, boolean gaps) {
    this.common = common;
    this.console = common.console(stop);
    this.tally = common.tally(verb, count, gaps);
  }

  /**
   * The connection settings of these lessons, to be finished by {@code build()}. Lesson 1 writes
   * them out and says what each is for; the others change the line that differs.
   *
   * @param name what the server shows for this connection, in its log and its monitoring
   * @param subjects what the run cannot do without, see {@link #log}
   * @throws Failure exit code 4 when there is nothing to log in with where an option says
   */
  public Options.Builder settings(String name, String... subjects) throws Failure {
    LoginListener listener = log(subjects);
    return secure(
        Options.builder()
            .servers(common.servers())
            .connectionName(name)
            .connectionTimeout(Duration.ofSeconds(10))
            .pingInterval(Duration.ofSeconds(20))
            .maxPingsOut(6)
            .maxReconnects(-1)
            .reconnectWait(Duration.ofSeconds(5))
            .reconnectBufferSize(outgoingLimit())
            .connectionListener(listener)
            .errorListener(listener));
  }

  /**
   * Puts the login and TLS of the command line into the settings of a connection.
   *
   * @throws Failure exit code 4 when nobody can log in with what an option names
   */
  public Options.Builder secure(Options.Builder settings) throws Failure {
    return common.secure(settings, login());
  }

  /** What the program logs in with, see {@link CommonOptions#login()}. */
  public Login login() throws Failure {
    if (login == null) {
      login = common.login();
    }
    return login;
  }

  /** Logs in with something else than the options say, such as a token that was typed in. */
  public void setLogin(Login login) {
    this.login = login;
  }

  /**
   * A listener that logs what happens to the connection, and ends the run when that is over for
   * good: jnats has closed it, or the server refuses the login or a subject.
   *
   * @param subjects what the run cannot do without; one that ends with a dot stands for all that
   *     begin with it
   */
  public LoginListener log(String... subjects) throws Failure {
    log = new LoginListener(login(), stop, subjects);
    return log;
  }

  /**
   * {@code Nats.connect(options)}, with the reason at once when there is no connection, and a round
   * trip after each reconnect, which finds out whether the connection is really back.
   *
   * @throws Failure exit code 3 when no server can be reached, 4 when the login is rejected
   */
  public Connection connect(Options options) throws Failure, InterruptedException {
    return connect(options, stuck -> {});
  }

  /**
   * The same, for a program that wants to report a connection that was not really back.
   *
   * @param onStuck called before such a connection connects again
   */
  public Connection connect(Options options, Consumer<Connection> onStuck)
      throws Failure, InterruptedException {
    Login with = login();
    Connection made =
        interruptible(
            () -> Connections.connect(options, common.waitForServer(), with::whyRejected));
    connection = made;
    outgoing = new Outgoing(this, made);
    HalfOpenGuard.of(made, () -> onStuck.accept(made));
    ErrorListener listener = options.getErrorListener();
    (listener instanceof LoginListener own ? own : log()).connected(connection);
    return connection;
  }

  /** What is done with each message. */
  @FunctionalInterface
  public interface Handler {
    /** Does it; a failure is the end of the run. */
    void onMessage(Message message) throws Failure, InterruptedException;
  }

  /**
   * A handler whose death ends the run. jnats reports an exception of a handler to the
   * ErrorListener; an Error ends the dispatcher's thread, and nobody hears of it.
   */
  public MessageHandler handler(Handler handler) {
    return message -> {
      try {
        handler.onMessage(message);
      } catch (Failure e) {
        stop.fail(e);
      } catch (Error e) {
        stop.fail(new Failure(ExitCode.FAILED, "A message was not handled: " + e, e));
        throw e;
      }
    };
  }

  /** Bytes that may wait in jnats to be sent: its own 8 MB, less where the heap is small. */
  public static long outgoingLimit() {
    return Math.min(8 << 20, Runtime.getRuntime().maxMemory() / 8);
  }

  /**
   * Calls {@code publish}, and waits where jnats does not: while more bytes are on their way than
   * {@link #outgoingLimit}, and while the server is away and the buffer for that time is full,
   * where {@code publish} throws at once.
   *
   * @param publish the call, given the payload
   * @throws Failure exit code 1 when the server takes no payload of this size, or when the run ends
   *     before there is room
   */
  public void whenThereIsRoom(byte[] payload, Consumer<byte[]> publish)
      throws Failure, InterruptedException {
    outgoing.publish(payload, publish);
  }

  /**
   * Makes a call that waits, such as {@code connection.request}; the end of the run interrupts it.
   *
   * @throws Failure what a listener heard meanwhile
   * @throws InterruptedException when the run ends for another reason, such as Ctrl-C
   */
  public <T> T interruptible(Waiting<T> call) throws Failure, InterruptedException {
    try {
      return stop.interrupting(call);
    } catch (InterruptedException e) {
      stop.throwFailure();
      throw e;
    }
  }

  /**
   * {@code connection.flush}, a round trip, for 10 s at most, 5 s at the end of a run. While jnats
   * connects again it would wait all that time: not when the run ends and no server is there, and
   * not after a failure.
   *
   * @param otherwise what is not sure when the server does not answer
   * @throws Failure what a listener heard before or meanwhile; exit code 1 with that text
   */
  public void flush(String otherwise) throws Failure, InterruptedException {
    int stopping = isConnected() ? 5_000 : 1;
    Duration limit = Duration.ofMillis(stop.asked() ? stopping : 10_000);
    try {
      stop.untilFailure(
          () -> {
            try {
              connection.flush(limit);
              return true;
            } catch (TimeoutException | IllegalStateException e) {
              throwFailure(); // such as the end of the login
              throw new Failure(ExitCode.FAILED, otherwise, e);
            }
          });
    } catch (InterruptedException e) {
      stop.throwFailure();
      throw e;
    }
  }

  /** For {@code drain}: 5 s; 1 s for the handler alone when no server is there, or a run failed. */
  public Duration drainTimeout() {
    boolean failed = stop.reason() == Stop.Reason.FAILED;
    return Duration.ofSeconds(isConnected() && !failed ? 5 : 1);
  }

  private boolean isConnected() {
    return connection.getStatus() == Connection.Status.CONNECTED;
  }

  /** What ends the run. */
  public Stop stop() {
    return stop;
  }

  /** Standard output and standard error of the run. */
  public Console console() {
    return console;
  }

  /** Counts the messages of the run. */
  public Tally tally() {
    return tally;
  }

  /**
   * Adds to the summary line.
   *
   * @param text stands behind the line, so it begins with a comma
   */
  public void addToSummary(String text) {
    more = text;
  }

  /** Leaves out the summary line, for a run that shows something and counts nothing. */
  public void withoutSummary() {
    summary = false;
  }

  /**
   * The exit code of a run that can only fail or be done.
   *
   * @throws Failure what a listener heard, such as that the connection is closed for good
   */
  public int result() throws Failure {
    throwFailure();
    stop.ask(Stop.Reason.DONE);
    tally.idle(); // looks at the clock for the summary: closing TLS takes jnats a second
    return ExitCode.DONE;
  }

  /**
   * The exit code of a run that waits for messages.
   *
   * @param gaveUp says that nothing came within {@code --timeout}
   * @param missing says that numbers are missing, and why that can be
   * @throws Failure what a listener heard; exit code 5 with one of these two texts
   */
  public int result(String gaveUp, String missing) throws Failure {
    throwFailure();
    if (stop.reason() == Stop.Reason.TIMEOUT) {
      throw new Failure(ExitCode.GAVE_UP, gaveUp);
    }
    if (stop.reason() == Stop.Reason.DONE && tally.hasMissing()) {
      throw new Failure(ExitCode.GAVE_UP, missing);
    }
    return result();
  }

  /**
   * Throws what a listener has heard so far, such as that the server refuses our subject; called
   * after a flush, it knows of every publish and subscribe before.
   *
   * @throws Failure the end of this run
   */
  public void throwFailure() throws Failure {
    check();
    stop.throwFailure();
  }

  /** In case the listener has not heard yet what the server said last. */
  private void check() {
    if (connection != null && log != null) {
      log.check(connection);
    }
  }

  /** A call that waits by itself. */
  @FunctionalInterface
  public interface Waiting<T> {
    /** Makes it. */
    T call() throws Failure, InterruptedException;
  }

  /** Prints the summary, if there was a connection at all. */
  @Override
  public void close() {
    check();
    if (connection != null && summary) {
      String line = tally.summary();
      console.info(more == null ? line : line + more);
    }
    stop.close();
  }
}
