package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.ConnectFailedException.Reason;
import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.ServerInfo;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * {@code Nats.connect} that says why when it cannot, and says it at once. When a server rejects the
 * login, jnats reports nothing until the connection timeout has passed: the reason reaches only the
 * {@link ErrorListener}, after milliseconds. So this listens there while {@code Nats.connect} runs
 * in a thread of its own.
 *
 * <pre>{@code
 * Connection connection = Connector.connect(options); // in place of Nats.connect(options)
 * }</pre>
 *
 * <p>Thread-safe: calls are independent of each other.
 *
 * @see <a href="https://docs.nats.io/learn/resilient-clients/connecting">NATS documentation:
 *     connecting</a>
 */
public final class Connector {
  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final int ATTEMPTS = 3;

  private Connector() {}

  /**
   * Connects to one of the servers of the options.
   *
   * @throws ConnectFailedException with the reason; a rejected login after milliseconds
   */
  public static Connection connect(Options options)
      throws ConnectFailedException, InterruptedException {
    return connect(options, Duration.ZERO);
  }

  /**
   * Connects to one of the servers of the options, which may not be there yet, as when containers
   * start together. A rejected login is not waited for.
   *
   * @param wait how long to try again while no server can be reached
   * @throws ConnectFailedException with the reason of the last attempt
   */
  public static Connection connect(Options options, Duration wait)
      throws ConnectFailedException, InterruptedException {
    long end = System.nanoTime() + wait.toNanos();
    int hungUp = 0;
    while (true) {
      Attempt attempt = new Attempt(options);
      try {
        return attempt.connect();
      } catch (ConnectFailedException e) {
        if (attempt.hasHungUp() && ++hungUp < ATTEMPTS) {
          continue;
        }
        long left = end - System.nanoTime();
        if (e.reason() != Reason.UNREACHABLE || left <= 0) {
          throw e;
        }
        Thread.sleep(Math.min(PAUSE.toMillis(), left / 1_000_000 + 1));
      }
    }
  }

  /**
   * Why a connection that was lost does not come back. jnats tries again for ever, and says why
   * only to the ErrorListener, in its own words.
   *
   * @param e what {@link ErrorListener#exceptionOccurred} gets meanwhile, or its cause
   */
  public static ConnectFailedException explain(Options options, Throwable e) {
    Throwable silent = e instanceof TimeoutException ? Probe.whySilent(options) : null;
    return new Attempt(options).explain(silent == null ? e : silent);
  }

  /**
   * One call of {@code Nats.connect}, and what is heard meanwhile. Later callbacks go to the
   * listener of the options.
   */
  private static final class Attempt implements InvocationHandler {
    private final Options options;
    private final CompletableFuture<Connection> result = new CompletableFuture<>();
    private final List<Exception> heard = new ArrayList<>();
    private Thread thread;
    private int rejections;
    private ServerInfo rejecting;
    private Reason foreign;

    Attempt(Options options) {
      this.options = options;
    }

    Connection connect() throws ConnectFailedException, InterruptedException {
      ErrorListener listener =
          (ErrorListener)
              Proxy.newProxyInstance(
                  ErrorListener.class.getClassLoader(), new Class<?>[] {ErrorListener.class}, this);
      Options.Builder listening = new Options.Builder(options).errorListener(listener);
      if (!options.isTraceConnection()) {
        listening.timeTraceLogger(null); // a copy would format traces that nobody reads
      }
      thread = new Thread(() -> run(listening.build()), "connect");
      thread.setDaemon(true);
      thread.start();
      try {
        return await();
      } catch (ExecutionException e) {
        throw explain(e.getCause());
      } catch (InterruptedException e) {
        thread.interrupt();
        result.cancel(false); // a connection that comes all the same is closed
        throw e;
      }
    }

    /**
     * Whether a server has hung up: without a word, or with more than its greeting, such as that it
     * is tired of waiting for a slow client: jnats does not take the two together.
     */
    boolean hasHungUp() {
      return foreign == Reason.UNREACHABLE;
    }

    private Connection await() throws InterruptedException, ExecutionException {
      try {
        return result.get(Probe.SILENCE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        Exception why = Probe.whySilent(options);
        if (why != null) {
          result.completeExceptionally(why); // unless there is a result just now
        }
        return result.get();
      }
    }

    private void run(Options listening) {
      try {
        Connection connection = Nats.connect(listening);
        if (!result.complete(connection)) {
          connection.close();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        result.completeExceptionally(e);
      } catch (Throwable e) { // whatever ends this thread: the caller waits for the result
        result.completeExceptionally(e);
      }
    }

    @Override
    public Object invoke(Object proxy, Method callback, Object[] args) throws Throwable {
      synchronized (this) {
        if (args != null && args.length == 2 && args[1] instanceof InterruptedException) {
          return null; // our own interrupt, see hear()
        }
        if (!result.isDone() && args != null && args.length == 2) {
          if (args[1] instanceof String error) { // errorOccurred
            hear((Connection) args[0], error);
            return null;
          } else if (args[1] instanceof Exception e) { // exceptionOccurred
            heard.add(e);
            return null;
          }
        }
      }
      try {
        return callback.invoke(options.getErrorListener(), args);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }

    private void hear(Connection connection, String error) {
      boolean login = JetStreamErrors.isLoginError(error);
      IOException refusal = login ? new AuthenticationException(error) : new IOException(error);
      heard.add(refusal);
      ServerInfo info = connection.getServerInfo();
      if (login && info.isAuthRequired()) { // else it is gone with the connection
        rejecting = info;
      }
      if (!login && Probe.reasonOf(refusal) == Reason.UNREACHABLE) {
        return;
      }
      // jnats would wait here until its timeout.
      if (++rejections < options.getServers().size()) {
        thread.interrupt(); // so it goes on with the next server
      } else {
        result.completeExceptionally(refusal);
      }
    }

    private synchronized ConnectFailedException explain(Throwable e) {
      List<Throwable> all = new ArrayList<>(heard);
      all.add(e); // which may say it before the listener has heard it
      for (Throwable each : all) {
        if (each instanceof AuthenticationException) { // whatever is wrong with the other servers
          return failed(Reason.LOGIN_REJECTED, each.getMessage(), each);
        }
      }
      if (!(e instanceof IOException)) {
        return failed(Reason.FAILED, e.toString(), e);
      }
      Set<String> words = new LinkedHashSet<>();
      Reason reason = reasonOf(e);
      for (Exception each : heard) {
        words.add(inWords(each));
        if (each != e) {
          e.addSuppressed(each);
        }
        reason = reasonOf(each) == Reason.UNREACHABLE ? reason : reasonOf(each);
      }
      if (reason == Reason.UNREACHABLE
          && heard.stream().anyMatch(Attempt::isCutOff)
          && Probe.wantsCertificate(options)) {
        // It refused ours, and hung up before jnats had read that.
        reason = Reason.TLS_CLIENT_CERTIFICATE;
        words.clear();
        words.add(inWords(reason, e));
      }
      return failed(reason, words.isEmpty() ? inWords(e) : String.join("; ", words), e);
    }

    private ConnectFailedException failed(Reason reason, String message, Throwable cause) {
      ServerInfo server = reason == Reason.LOGIN_REJECTED ? rejecting : null;
      return new ConnectFailedException(reason, message, options.getServers(), server, cause);
    }

    /** What one error says; a server that jnats does not understand is asked once more. */
    private Reason reasonOf(Throwable e) {
      Reason reason = Probe.reasonOf(e);
      if (reason == Reason.NOT_A_NATS_SERVER) {
        foreign = foreign == null ? Probe.foreign(options) : foreign;
        return foreign;
      }
      return reason;
    }

    private String inWords(Throwable e) {
      if (e instanceof UnknownHostException) {
        return "unknown host " + e.getMessage();
      }
      if (e instanceof TimeoutException || e instanceof SocketTimeoutException) {
        return "no answer within " + options.getConnectionTimeout().toMillis() / 1000.0 + " s";
      }
      if (e instanceof ConnectException) {
        return e.getMessage().toLowerCase(Locale.ROOT);
      }
      return inWords(reasonOf(e), e);
    }

    private static boolean isCutOff(Throwable e) {
      return e instanceof SocketException && !(e instanceof ConnectException)
          || e.getCause() != null && isCutOff(e.getCause());
    }

    private String inWords(Reason reason, Throwable e) {
      return switch (reason) {
        case NOT_A_NATS_SERVER -> "what answers there is not a nats-server";
        case SERVER_FULL -> "the server has all the connections that it may have";
        case TLS_REQUIRED -> "the server wants TLS";
        case TLS_NOT_OFFERED -> "the server does not speak TLS";
        case TLS_UNKNOWN_AUTHORITY -> "an authority unknown here signed the server's certificate";
        case TLS_EXPIRED -> "the server's certificate has expired, or is not valid yet";
        case TLS_WRONG_NAME -> "the server's certificate is for another name";
        case TLS_CLIENT_CERTIFICATE ->
            "the server does not accept our certificate, or the lack of one";
        case TLS_FIRST_EXPECTED -> "the server speaks TLS before anything else";
        case TLS_FIRST_NOT_OFFERED -> "the server does not begin with TLS";
        case FAILED -> "the server takes no line as long as the login (max_control_line)";
        default -> hasHungUp() ? "the server hangs up while we connect" : text(e);
      };
    }

    private static String text(Throwable e) {
      String text = String.valueOf(e.getMessage());
      return text.contains("Expected HTTP/1.1 101")
          ? "what answers there speaks no WebSocket"
          : text.replaceFirst("^(?:[a-z]\\w*\\.)+[A-Z]\\w*: ", ""); // a class, put there by jnats
    }
  }
}
