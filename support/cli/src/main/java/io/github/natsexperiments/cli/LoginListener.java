package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.JetStreamErrors;
import io.nats.client.Connection;
import java.util.Locale;

/**
 * Says what the login is worth, and ends the run, with the reason, when the server takes it back or
 * refuses it after a break. jnats would log in once more, each time after a whole connect timeout,
 * and then close the connection.
 *
 * @see <a href="https://docs.nats.io/learn/security/authorization">NATS documentation:
 *     authorization</a>
 */
public class LoginListener extends ConnectionLog {
  private final Login login;
  private final Stop stop;
  private String accepted; // by the server; null before it has accepted anything
  private boolean online;

  /**
   * @param login what the program logs in with
   * @param stop ends the run
   * @param subjects what the run cannot do without, see {@link ConnectionLog}
   */
  public LoginListener(Login login, Stop stop, String... subjects) {
    super(stop, subjects);
    this.login = login;
    this.stop = stop;
  }

  /** Says what the login is worth, once connected. */
  public void connected(Connection connection) throws InterruptedException {
    accept();
    boolean asked = connection.getServerInfo().isAuthRequired();
    if (!login.isNone() && !asked) {
      Log.LOG.warn(
          "The server asks for no login, so it ignores {}: anybody may connect", login.origin());
    }
    if (login.warning() != null) {
      Log.LOG.warn(login.warning());
    }
    try {
      Creds creds = login.creds();
      if (creds != null) {
        UserInfo user = UserInfo.ask(connection);
        // Without an answer, what the file says, which is the server's own word in most cases.
        String who = user == null ? creds.user().inWords() : user.inWords(creds.user());
        setUser(who);
        if (asked && user != null && !user.is(creds.user())) {
          Log.LOG.warn("The server takes us for another user than {}: {}", creds.path(), who);
        } else if (asked) {
          Log.LOG.info("Logged in as user {}", who);
        }
      }
    } catch (Failure e) {
      Log.LOG.debug("replaced just now", e); // the next login will say what is wrong with it
    }
  }

  @Override
  public void errorOccurred(Connection connection, String error) {
    if (JetStreamErrors.isLoginError(error)) {
      lost(connection, error);
    } else {
      super.errorOccurred(connection, error);
    }
  }

  /**
   * The server has ended the login of a connection, and jnats logs in again with the file as it is
   * now: that can succeed when somebody has put something new there in time. Or the login after a
   * break has been rejected: then nothing else will help.
   */
  private synchronized void lost(Connection connection, String error) {
    try {
      String now = login.proof();
      boolean ended = online || error.toLowerCase(Locale.ROOT).startsWith("user authentication");
      if (ended && login.isReadAgain() && !now.equals(accepted)) {
        online = false;
        accepted = now;
        Log.LOG.info("The server has ended the login; there are new credentials in the file");
      } else {
        stop.fail(login.ended(error, connection.getServerInfo()));
      }
    } catch (Failure e) {
      stop.fail(e);
    }
  }

  /**
   * jnats reads the file again at every attempt to connect again. Somebody may have removed it, or
   * be about to write it, so this says so and lets jnats go on trying.
   */
  @Override
  public void exceptionOccurred(Connection connection, Exception e) {
    if (stop.asked()) {
      return; // the reason why the run ends is said once
    }
    if (e.getCause() instanceof IllegalStateException) {
      try {
        login.proof();
      } catch (Failure why) {
        Log.LOG.warn("Cannot log in again: {}", why.getMessage());
        return;
      }
    }
    super.exceptionOccurred(connection, e);
  }

  @Override
  public synchronized void connectionEvent(
      Connection connection, Events type, Long time, String url) {
    if (stop.asked()) {
      return; // as above
    }
    if (type == Events.RECONNECTED) {
      accept();
    } else if (type == Events.DISCONNECTED) {
      online = false;
    }
    if (type == Events.CLOSED
        && accepted != null
        && JetStreamErrors.isLoginError(connection.getLastError())) {
      lost(connection, connection.getLastError());
    }
    super.connectionEvent(connection, type, time, url);
  }

  private synchronized void accept() {
    online = true;
    try {
      accepted = login.proof();
    } catch (Failure e) {
      accepted = ""; // gone just now: the next login will say so
    }
  }
}
