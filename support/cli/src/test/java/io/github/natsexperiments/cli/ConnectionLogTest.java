package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nats.client.Connection;
import io.nats.client.ConnectionListener.Events;
import io.nats.client.Consumer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What ends a run, and what does not. */
class ConnectionLogTest {
  private static final String REFUSED = "Authorization Violation";

  private final Stop stop = Stop.onSignals();
  private final ConnectionLog log = new ConnectionLog(stop, "foo", "_INBOX.");
  private String lastError;
  private Connection.Status status = Connection.Status.RECONNECTING;

  private final Connection connection =
      (Connection)
          Proxy.newProxyInstance(
              getClass().getClassLoader(),
              new Class<?>[] {Connection.class},
              (proxy, method, args) ->
                  switch (method.getName()) {
                    case "getLastError" -> lastError;
                    case "getStatus" -> status;
                    case "clearLastError" -> lastError = null;
                    default -> throw new AssertionError(method);
                  });

  private void event(Events type) {
    log.connectionEvent(connection, type, 0L, "nats://a:1");
  }

  private void error(String error) {
    lastError = error;
    log.errorOccurred(connection, error);
  }

  private void failsWith(int exitCode, String words) {
    assertThat(stop.reason()).isEqualTo(Stop.Reason.FAILED);
    assertThatThrownBy(stop::throwFailure)
        .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.exitCode()).isEqualTo(exitCode))
        .hasMessageContaining(words);
  }

  /** jnats gives up when a server has refused the login twice; no call throws then. */
  @Test
  void aLoginThatIsRefusedForGood() {
    event(Events.CONNECTED);
    event(Events.DISCONNECTED);
    error(REFUSED);
    error(REFUSED);
    assertThat(stop.asked()).isFalse();
    event(Events.CLOSED);
    failsWith(ExitCode.NOT_AUTHORISED, "The connection is closed: " + REFUSED);
  }

  @Test
  void aLoginThatWorksAgainIsForgotten() {
    event(Events.CONNECTED);
    for (int i = 0; i < 3; i++) {
      event(Events.DISCONNECTED);
      error(REFUSED);
      event(Events.RECONNECTED);
    }
    log.check(connection);
    assertThat(stop.asked()).isFalse();
  }

  @Test
  void aConnectionThatTheProgramClosesIsNoFailure() {
    event(Events.CONNECTED);
    status = Connection.Status.CLOSED;
    event(Events.DISCONNECTED);
    event(Events.CLOSED);
    assertThat(stop.asked()).isFalse();
  }

  @Test
  void oneThatNeverWasIsReportedByTheConnectCall() {
    event(Events.CLOSED);
    assertThat(stop.asked()).isFalse();
  }

  @Test
  void attemptsThatAreUsedUp() {
    event(Events.CONNECTED);
    event(Events.DISCONNECTED);
    event(Events.CLOSED);
    failsWith(ExitCode.UNREACHABLE, "The connection is closed");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      value = {
        "Permissions Violation for Publish to \"foo\", true",
        "Permissions Violation for Subscription to \"foo\" using queue \"q\", true",
        "Permissions Violation for Subscription to \"_INBOX.abc.*\", true",
        "Permissions Violation for Publish to \"$JS.ACK.s.c.1.1.1.1.0\", true",
        "Permissions Violation for Publish to \"foo.bar\", false",
        "Permissions Violation for Publish to \"bar.foo\", false",
        "Permissions Violation for Publish to \"$JS.API.INFO\", false",
        "Permissions Violation for Subscription to \"_INBOX.abc.user-info\", false",
        "Stale Connection, false"
      })
  void onlyItsOwnSubjectsEndTheRun(String error, boolean ends) {
    error(error);
    assertThat(stop.asked()).isEqualTo(ends);
    if (ends) {
      failsWith(ExitCode.NOT_AUTHORISED, "Refused by the server: ");
    }
  }

  @Test
  void aSubjectThatIsTooLongForTheServer() {
    error("maximum control line exceeded");
    failsWith(ExitCode.FAILED, "max_control_line");
  }

  /** The listener has a thread of its own, and may come late. */
  @Test
  void theLastErrorCountsAlthoughTheListenerHasNotHeardItYet() {
    lastError = "Permissions Violation for Publish to \"foo\"";
    log.check(connection);
    failsWith(ExitCode.NOT_AUTHORISED, "foo");
  }

  @Test
  void aSlowConsumerIsReportedNowAndThen() {
    long[] dropped = {0};
    Consumer consumer =
        (Consumer)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Consumer.class},
                (proxy, method, args) -> dropped[0]);
    PrintStream before = System.err;
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    System.setErr(new PrintStream(lines, true));
    try {
      while (dropped[0]++ < 10_000) {
        log.slowConsumerDetected(connection, consumer);
      }
    } finally {
      System.setErr(before);
    }
    assertThat(lines.toString().lines())
        .hasSizeBetween(1, 20)
        .first()
        .asString()
        .endsWith("Messages come faster than they are handled: 1 dropped so far");
  }
}
