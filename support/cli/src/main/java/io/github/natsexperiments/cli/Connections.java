package io.github.natsexperiments.cli;

import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.ServerInfo;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Connects, and says why when it cannot. {@code Nats.connect} alone tells neither the reason nor,
 * when a server rejects the login, anything at all before the connection timeout has passed: the
 * reason reaches only the {@link ErrorListener}, after milliseconds. So this listens there while
 * {@code Nats.connect} runs.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/connecting">NATS documentation:
 *     connecting</a>
 */
public final class Connections {
  private Connections() {}

  /**
   * Connects to one of the servers of the options.
   *
   * @throws Failure exit code 3 when no server can be reached, 4 when the login is rejected
   */
  public static Connection connect(Options options) throws Failure, InterruptedException {
    return connect(options, null);
  }

  /**
   * Connects to one of the servers of the options.
   *
   * @param whyRejected finds the words for a rejected login, from what the server says of itself
   *     (its version, whether it asks for a login; null when it said nothing); null for the
   *     server's own words, which are the same for every cause
   * @throws Failure exit code 3 when no server can be reached, 4 when the login is rejected
   */
  public static Connection connect(Options options, Function<ServerInfo, String> whyRejected)
      throws Failure, InterruptedException {
    Attempt attempt = new Attempt(options, whyRejected);
    Options listening = new Options.Builder(options).errorListener(attempt).build();
    CompletableFuture<Connection> result = attempt.result;
    Thread connector =
        new Thread(
            () -> {
              try {
                Connection connection = Nats.connect(listening);
                if (!result.complete(connection)) {
                  connection.close();
                }
              } catch (IOException | RuntimeException e) {
                result.completeExceptionally(e);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "connect");
    connector.setDaemon(true);
    connector.start();
    Log.LOG.debug("Connecting to {}", ServerUrls.show(options.getServers()));
    try {
      Connection connection = result.get();
      attempt.connected = true;
      Log.LOG.info(
          "Connected to {}, nats-server {}",
          ServerUrls.withoutSecrets(connection.getConnectedUrl()),
          connection.getServerInfo().getVersion());
      return connection;
    } catch (ExecutionException e) {
      throw attempt.explain(e.getCause());
    }
  }

  /**
   * Hears what goes wrong while connecting; afterwards everything goes to the program's own
   * listener.
   */
  private static final class Attempt extends ForwardingErrorListener {
    private final Options options;
    private final Function<ServerInfo, String> whyRejected;
    private final CompletableFuture<Connection> result = new CompletableFuture<>();
    private final List<Exception> heard = new ArrayList<>();
    private int rejections;
    private ServerInfo rejecting;
    private volatile boolean connected;

    Attempt(Options options, Function<ServerInfo, String> whyRejected) {
      super(options.getErrorListener());
      this.options = options;
      this.whyRejected = whyRejected;
    }

    @Override
    public synchronized void errorOccurred(Connection connection, String error) {
      if (connected || result.isDone()) {
        super.errorOccurred(connection, error);
        return;
      }
      if (isRejection(error)) {
        rejecting = connection.getServerInfo();
        // Another server of the list may still accept the login: only the last rejection is final.
        if (++rejections == options.getServers().size()) {
          result.completeExceptionally(new AuthenticationException(error));
        }
      }
    }

    @Override
    public synchronized void exceptionOccurred(Connection connection, Exception e) {
      if (connected || result.isDone()) {
        super.exceptionOccurred(connection, e);
      } else {
        heard.add(e);
      }
    }

    private synchronized Failure explain(Throwable e) {
      String servers = ServerUrls.show(options.getServers());
      if (e instanceof AuthenticationException) {
        String why = whyRejected == null ? e.getMessage() : whyRejected.apply(rejecting);
        return new Failure(ExitCode.NOT_AUTHORISED, "Login rejected by " + servers + ": " + why, e);
      }
      if (e instanceof RuntimeException) {
        return new Failure(ExitCode.FAILED, "Cannot connect to " + servers + ": " + e, e);
      }
      Set<String> reasons = new LinkedHashSet<>();
      for (Exception reason : heard) {
        reasons.add(inWords(reason));
        e.addSuppressed(reason); // for --verbose
      }
      return new Failure(
          ExitCode.UNREACHABLE,
          "Cannot reach "
              + servers
              + (reasons.isEmpty() ? "" : ": " + String.join("; ", reasons))
              + ". Start a server with ./lab server, or name another one with --server",
          e);
    }

    private String inWords(Exception e) {
      if (e instanceof UnknownHostException) {
        return "unknown host " + e.getMessage();
      }
      if (e instanceof TimeoutException || e instanceof SocketTimeoutException) {
        return "no answer within " + options.getConnectionTimeout().toMillis() / 1000.0 + " s";
      }
      if (e instanceof ConnectException) {
        return e.getMessage().toLowerCase(Locale.ROOT);
      }
      if (String.valueOf(e.getMessage()).contains("INFO")) {
        return "what answers there is not a nats-server";
      }
      return ServerUrls.withoutSecrets(e.getMessage());
    }
  }

  private static boolean isRejection(String error) {
    String lower = error.toLowerCase(Locale.ROOT);
    return lower.contains("authorization violation") || lower.startsWith("user authentication");
  }
}
