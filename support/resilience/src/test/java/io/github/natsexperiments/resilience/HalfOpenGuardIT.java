package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.github.natsexperiments.testkit.Proxy;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Options;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A connection that breaks once more just while it comes back. */
class HalfOpenGuardIT {
  /** Far less than the pings of this connection would take. */
  private static final Duration SOON = Duration.ofSeconds(20);

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private static Options options(Proxy proxy) {
    return Options.builder()
        .server(proxy.url())
        .maxReconnects(-1)
        .reconnectWait(Duration.ofMillis(100))
        .pingInterval(Duration.ofMinutes(2))
        .build();
  }

  private static boolean answers(Connection connection) throws InterruptedException {
    try {
      connection.flush(Duration.ofMillis(500));
      return true;
    } catch (TimeoutException | IllegalStateException e) {
      return false;
    }
  }

  @Test
  void itIsBackAfterEachCut() throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection connection = Connector.connect(options(proxy));
        HalfOpenGuard guard = HalfOpenGuard.of(connection)) {
      assertThat(guard).isNotNull();
      for (int i = 0; i < 8; i++) {
        proxy.cutTwice();
        Awaitility.await()
            .atMost(SOON.toSeconds(), TimeUnit.SECONDS)
            .until(() -> answers(connection));
      }
    }
  }

  @Test
  void aServerThatDoesNotAnswerMakesItConnectAgain() throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection connection = Connector.connect(options(proxy))) {
      assertThat(HalfOpenGuard.check(connection)).isTrue();
      long before = connection.getStatistics().getReconnects();
      proxy.silenceServer();
      // Connecting again takes as long as the silence; this does not.
      assertTimeoutPreemptively(SOON, () -> assertThat(HalfOpenGuard.check(connection)).isFalse());
      proxy.speak();
      Awaitility.await()
          .atMost(SOON.toSeconds(), TimeUnit.SECONDS)
          .until(() -> connection.getStatistics().getReconnects() > before && answers(connection));
    }
  }

  @Tag("more")
  @Test
  void nobodyIsCalledAfterClose() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    try (Proxy proxy = new Proxy(server.port());
        Connection connection = Connector.connect(options(proxy));
        HalfOpenGuard guard = HalfOpenGuard.of(connection, calls::incrementAndGet)) {
      proxy.silenceServer();
      guard.connectionEvent(connection, ConnectionListener.Events.RESUBSCRIBED, 0L, "");
      guard.close();
      // Its round trip, which has begun, gets no answer.
      Awaitility.await().pollDelay(Duration.ofMillis(2500)).until(() -> true);
      assertThat(calls).hasValue(0);
    }
  }

  @Test
  void aClosedConnectionDoesNotAnswer() throws Exception {
    Connection connection = Connector.connect(Options.builder().server(server.url()).build());
    connection.close();
    assertThat(HalfOpenGuard.check(connection)).isFalse();
  }
}
