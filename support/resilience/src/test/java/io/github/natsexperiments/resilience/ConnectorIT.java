package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.natsexperiments.resilience.ConnectFailedException.Reason;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.AuthHandler;
import io.nats.client.Connection;
import io.nats.client.Options;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Why there is no connection, and how soon it is known. */
class ConnectorIT {
  private static final String INFO =
      "INFO {\"server_id\":\"S\",\"version\":\"2.14.5\",\"max_payload\":1048576}\r\n";

  private static final ServerConfig WITH_TOKEN =
      new ServerConfig("token", "http: 8222\nauthorization { token: example }\n");

  @RegisterExtension static final TestServer server = TestServer.with(WITH_TOKEN);

  /** A long timeout, so that nobody takes the end of it for the reason. */
  private static Options.Builder options(String... urls) {
    return Options.builder().servers(urls).connectionTimeout(Duration.ofSeconds(30));
  }

  private static ConnectFailedException failure(Options.Builder options) {
    long start = System.nanoTime();
    ConnectFailedException e =
        catchThrowableOfType(
            ConnectFailedException.class, () -> Connector.connect(options.build()));
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    return e;
  }

  /** A port at which something else than a nats-server answers. */
  private static ServerSocket port(Consumer<Socket> behaviour) throws IOException {
    ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread thread =
        new Thread(
            () -> {
              List<Socket> open = new ArrayList<>(); // one that is collected is closed
              try {
                while (true) {
                  open.add(socket.accept());
                  behaviour.accept(open.get(open.size() - 1));
                }
              } catch (IOException e) {
                // closed: the test is over
              }
            });
    thread.setDaemon(true);
    thread.start();
    return socket;
  }

  private static String url(ServerSocket socket) {
    return "nats://127.0.0.1:" + socket.getLocalPort();
  }

  private static void say(Socket socket, String text) {
    try {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // the other side has gone
    }
  }

  @Test
  void aRejectedLogin() {
    ConnectFailedException e = failure(options(server.url()).token("wrong".toCharArray()));
    assertThat(e.reason()).isEqualTo(Reason.LOGIN_REJECTED);
    assertThat(e).hasMessageContaining("Authorization Violation");
    assertThat(e.serverInfo().isAuthRequired()).isTrue();
  }

  /** jnats would wait for its timeout before it goes on to the next. */
  @Test
  void aRejectedLoginBesideAServerThatAcceptsUs() throws Exception {
    try (RunningServer open = TestServer.start(ServerConfig.profile("open"))) {
      Options options = options(server.url(), open.url()).noRandomize().build();
      long start = System.nanoTime();
      try (Connection connection = Connector.connect(options)) {
        assertThat(connection.getConnectedUrl()).isEqualTo(open.url());
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        connection.flush(Duration.ofSeconds(5));
      }
    }
  }

  @Test
  void aLoginThatAllServersReject() throws Exception {
    try (RunningServer second = TestServer.start(WITH_TOKEN)) {
      assertThat(failure(options(server.url(), second.url())).reason())
          .isEqualTo(Reason.LOGIN_REJECTED);
    }
  }

  /** jnats would wait for the timeout here, too. */
  @Test
  void aRejectedLoginBesideServersThatTakeNobody() throws IOException {
    String dead;
    try (ServerSocket socket = port(s -> {})) {
      dead = url(socket);
    }
    String tls = "INFO {\"server_id\":\"S\",\"version\":\"2.14.5\",\"tls_required\":true}\r\n";
    try (ServerSocket closing = port(ConnectorIT::close);
        ServerSocket secured = port(socket -> say(socket, tls))) {
      for (String other : List.of(dead, url(closing), url(secured))) {
        for (int i = 0; i < 3; i++) { // they are tried in any order
          assertThat(failure(options(server.url(), other)).reason())
              .isEqualTo(Reason.LOGIN_REJECTED);
        }
      }
    }
  }

  @Test
  void anAcceptedLogin() throws Exception {
    Options.Builder options = options(server.url()).token("example".toCharArray());
    try (Connection connection = Connector.connect(options.build())) {
      connection.flush(Duration.ofSeconds(5));
    }
  }

  /** In a copy of its options, jnats takes the trace that nobody asked for as one to be written. */
  @Test
  void onlyATraceThatIsWantedIsWritten() throws Exception {
    List<String> trace = new CopyOnWriteArrayList<>();
    Options.Builder options = options(server.url()).token("example".toCharArray());
    try (Connection connection = Connector.connect(options.build())) {
      assertThat(connection.getOptions().isTraceConnection()).isFalse();
    }
    options.timeTraceLogger((format, values) -> trace.add(format));
    try (Connection connection = Connector.connect(options.build())) {
      assertThat(trace).isNotEmpty();
    }
  }

  @Test
  void nobodyThere() throws IOException {
    String url;
    try (ServerSocket socket = port(s -> {})) {
      url = url(socket);
    }
    ConnectFailedException e = failure(options(url));
    assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
    assertThat(e).hasMessageContaining("connection refused");
  }

  @Test
  void noSuchHost() {
    ConnectFailedException e = failure(options("nats://no-such-host.invalid:4222"));
    assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
    assertThat(e).hasMessageContaining("unknown host");
  }

  /** A slow client hears that the server is tired of waiting together with its greeting. */
  @Test
  void aGreetingThatIsInterrupted() throws Exception {
    AtomicInteger impatient = new AtomicInteger(1);
    Consumer<Socket> behaviour =
        serverAfter(
            impatient,
            socket -> {
              say(socket, INFO + "-ERR 'Authentication Timeout'\r\n");
              close(socket);
            });
    try (ServerSocket socket = port(behaviour);
        Connection connection = Connector.connect(options(url(socket)).build())) {
      connection.flush(Duration.ofSeconds(5));
    }
    impatient.set(Integer.MAX_VALUE);
    try (ServerSocket socket = port(behaviour)) {
      ConnectFailedException e = failure(options(url(socket)));
      assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
      assertThat(e).hasMessageContaining("hangs up while we connect");
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Does something else with so many connections, and is a server for those that follow. */
  private static Consumer<Socket> serverAfter(AtomicInteger connections, Consumer<Socket> before) {
    return socket -> {
      if (connections.getAndDecrement() > 0) {
        before.accept(socket);
      } else {
        say(socket, INFO);
        answerPings(socket);
      }
    };
  }

  private static void answerPings(Socket socket) {
    Thread thread =
        new Thread(
            () -> {
              try (Scanner lines = new Scanner(socket.getInputStream())) {
                while (lines.hasNextLine()) {
                  if (lines.nextLine().startsWith("PING")) {
                    say(socket, "PONG\r\n");
                  }
                }
              } catch (IOException e) {
                // the client has gone
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  @Test
  void silence() throws IOException {
    try (ServerSocket socket = port(s -> {})) {
      ConnectFailedException e =
          failure(options(url(socket)).connectionTimeout(Duration.ofSeconds(2)));
      assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
      assertThat(e).hasMessageContaining("no answer within 2.0 s");
    }
  }

  @Test
  void somethingElse() throws IOException {
    try (ServerSocket socket = port(s -> say(s, "HTTP/1.1 400 Bad Request\r\n\r\n"))) {
      ConnectFailedException e = failure(options(url(socket)));
      assertThat(e.reason()).isEqualTo(Reason.NOT_A_NATS_SERVER);
      assertThat(e).hasMessageContaining("not a nats-server");
    }
  }

  @Test
  void asManyConnectionsAsThereMayBe() throws Exception {
    ServerConfig one = new ServerConfig("one", "http: 8222\nmax_connections: 1\n");
    try (RunningServer full = TestServer.start(one);
        Connection first = Connector.connect(options(full.url()).build())) {
      first.flush(Duration.ofSeconds(5));
      ConnectFailedException e = failure(options(full.url()));
      assertThat(e.reason()).isEqualTo(Reason.SERVER_FULL);
    }
  }

  /** As when Docker has the port open before the server in the container listens. */
  @Test
  void aPortIsOpenBeforeTheServerIsThere() throws Exception {
    AtomicInteger early = new AtomicInteger(20);
    try (ServerSocket socket = port(serverAfter(early, ConnectorIT::close))) {
      ConnectFailedException e = failure(options(url(socket)));
      assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
      assertThat(e).hasMessageContaining("hangs up while we connect");
      Options options = options(url(socket)).build();
      Connector.connect(options, Duration.ofSeconds(30)).close();
    }
  }

  @Test
  void theServerComesLater() throws Exception {
    try (RunningServer late = TestServer.start(WITH_TOKEN)) {
      late.stop();
      Options options = options(late.url()).token("example".toCharArray()).build();
      CompletableFuture<Connection> connecting =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return Connector.connect(options, Duration.ofSeconds(60));
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      late.start();
      try (Connection connection = connecting.get(30, TimeUnit.SECONDS)) {
        connection.flush(Duration.ofSeconds(5));
      }
    }
  }

  @Test
  void aRejectedLoginIsNotWaitedFor() {
    Options options = options(server.url()).token("wrong".toCharArray()).build();
    long start = System.nanoTime();
    assertThatThrownBy(() -> Connector.connect(options, Duration.ofSeconds(60)))
        .isInstanceOf(ConnectFailedException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void anInterrupt() throws Exception {
    try (ServerSocket socket = port(s -> {})) {
      CompletableFuture<Void> connected = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                try {
                  Connector.connect(options(url(socket)).build()).close();
                  connected.complete(null);
                } catch (Exception e) {
                  connected.completeExceptionally(e);
                }
              });
      thread.start();
      thread.interrupt();
      assertThatThrownBy(() -> connected.get(5, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(InterruptedException.class);
    }
  }

  /** As with few file descriptors left, when a class cannot be loaded. */
  @Test
  void anErrorInTheThreadThatConnects() throws IOException {
    try (ServerSocket socket =
        port(s -> say(s, "INFO {\"auth_required\":true,\"nonce\":\"n\",\"max_payload\":1}\r\n"))) {
      AuthHandler broken =
          new AuthHandler() {
            @Override
            public byte[] sign(byte[] nonce) {
              throw new NoClassDefFoundError("Signature");
            }

            @Override
            public char[] getID() {
              throw new NoClassDefFoundError("Signature");
            }

            @Override
            public char[] getJWT() {
              throw new NoClassDefFoundError("Signature");
            }
          };
      ConnectFailedException e = failure(options(url(socket)).authHandler(broken));
      assertThat(e.reason()).isEqualTo(Reason.FAILED);
      assertThat(e).hasMessageContaining("NoClassDefFoundError");
    }
  }
}
