package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.HalfOpenGuard;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Options;
import java.time.Duration;

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
  private LoginListener listener;
  private Login login;
  private Connection connection;
  private String more = "";

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
   * @throws Failure exit code 4 when there is nothing to log in with where an option says
   */
  public Options.Builder settings(String name) throws Failure {
    LoginListener log = listener();
    Options.Builder settings =
        Options.builder()
            .servers(common.servers())
            .connectionName(name)
            .connectionTimeout(Duration.ofSeconds(10))
            .pingInterval(Duration.ofSeconds(20))
            .maxPingsOut(6)
            .maxReconnects(-1)
            .reconnectWait(Duration.ofSeconds(5))
            .connectionListener(log)
            .errorListener(log);
    return secure(settings);
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

  /** Says what happens to the connection, and ends the run when that is its end. */
  public LoginListener listener() throws Failure {
    if (listener == null) {
      listener = new LoginListener(login(), stop);
    }
    return listener;
  }

  /**
   * {@code Nats.connect(options)}, with the reason at once when there is no connection, and a round
   * trip after each reconnect, which finds out whether the connection is really back.
   *
   * @throws Failure exit code 3 when no server can be reached, 4 when the login is rejected
   */
  public Connection connect(Options options) throws Failure, InterruptedException {
    Login login = login();
    connection = Connections.connect(options, login::whyRejected);
    HalfOpenGuard.of(connection);
    ErrorListener own = options.getErrorListener();
    (own instanceof LoginListener it ? it : listener()).connected(connection);
    return connection;
  }

  /**
   * Throws what a listener has heard so far, such as that the server refuses our subject; called
   * after a flush, it knows of every publish and subscribe before.
   *
   * @throws Failure the end of this run
   */
  public void throwFailure() throws Failure {
    if (connection != null) {
      listener().check(connection);
    }
    stop.throwFailure();
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

  /**
   * The exit code of a run that can only fail or be done.
   *
   * @throws Failure what a listener heard, such as that the connection is closed for good
   */
  public int result() throws Failure {
    throwFailure();
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
    if (stop.reason() == Stop.Reason.TIMEOUT) {
      throw new Failure(ExitCode.GAVE_UP, gaveUp);
    }
    if (stop.reason() == Stop.Reason.DONE && tally.hasMissing()) {
      throw new Failure(ExitCode.GAVE_UP, missing);
    }
    return result();
  }

  /** Prints the summary, if there was a connection at all. */
  @Override
  public void close() {
    if (connection != null) {
      console.info(tally.summary() + more);
    }
    stop.close();
  }
}
