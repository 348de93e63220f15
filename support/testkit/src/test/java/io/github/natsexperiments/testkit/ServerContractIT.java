package io.github.natsexperiments.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.testkit.engine.EngineTestKit;

/** What every test relies on, of whichever server the tests use. */
class ServerContractIT {

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final ServerConfig OPEN = ServerConfig.profile("open");
  private static final ServerConfig SMALL =
      new ServerConfig("small", OPEN.text() + "\nmax_payload: 1234\n");

  /** Each test leaves it running, with the configuration that it had. */
  @RegisterExtension static final TestServer server = TestServer.with(OPEN);

  private Connection connect() throws IOException, InterruptedException {
    return Nats.connect(
        new Options.Builder()
            .server(server.url())
            .connectionTimeout(Duration.ofSeconds(2))
            .noReconnect()
            .build());
  }

  private void store(String... messages) throws Exception {
    try (Connection connection = connect()) {
      JetStreamManagement management = connection.jetStreamManagement();
      if (management.getStreamNames().contains("kept")) {
        management.deleteStream("kept");
      }
      management.addStream(
          StreamConfiguration.builder()
              .name("kept")
              .subjects("kept")
              .storageType(StorageType.File)
              .build());
      for (String message : messages) {
        connection.jetStream().publish("kept", message.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private long stored() throws Exception {
    try (Connection connection = connect()) {
      return connection.jetStreamManagement().getStreamInfo("kept").getStreamState().getMsgCount();
    }
  }

  private boolean refuses() {
    try (Connection connection = connect()) {
      return false;
    } catch (IOException e) {
      return true;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void itAcceptsConnectionsAndSaysWhatItIs() throws Exception {
    try (Connection connection = connect()) {
      assertThat(connection.getServerInfo().isJetStreamAvailable()).isTrue();
      assertThat(server.description()).contains(connection.getServerInfo().getVersion());
    }
    assertThat(server.url()).endsWith(":" + server.port());
    assertThat(server.monitoringPort()).isPositive().isNotEqualTo(server.port());
  }

  @Test
  void itIsReachedFromThisMachineOnly() throws Exception {
    // Another socket may still have the port on an address that is not the loopback one.
    List<InetAddress> others =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
            .toList();
    for (InetAddress address : others) {
      new ServerSocket(server.port(), 1, address).close();
      new ServerSocket(server.monitoringPort(), 1, address).close();
    }
  }

  @Test
  void aKilledServerIsGoneAndComesBackWithPortAndData() throws Exception {
    store("one", "two");
    String url = server.url();

    server.kill();
    assertThat(refuses()).isTrue();

    server.start();
    assertThat(server.url()).isEqualTo(url);
    assertThat(stored()).isEqualTo(2);
  }

  @Test
  void aStoppedServerIsGoneAndComesBackWithPortAndData() throws Exception {
    store("one");
    String url = server.url();

    server.stop();
    assertThat(refuses()).isTrue();

    server.start();
    assertThat(server.url()).isEqualTo(url);
    assertThat(stored()).isEqualTo(1);
  }

  @Test
  void aRestartDropsConnectionsAndKeepsPortAndData() throws Exception {
    store("one");
    try (Connection before = connect()) {
      server.restart();

      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(before.getStatus()).isEqualTo(Connection.Status.CLOSED));
    }
    assertThat(stored()).isEqualTo(1);
  }

  @Test
  void aPausedServerIsSilentUntilResumed() throws Exception {
    try (Connection connection = connect()) {
      server.pause();
      assertThatThrownBy(() -> connection.flush(Duration.ofMillis(500)))
          .isInstanceOf(TimeoutException.class);
      assertThat(connection.getStatus()).isEqualTo(Connection.Status.CONNECTED);

      server.resume();
      connection.flush(SOON);
    }
  }

  @Test
  void aPausedServerCanBeKilled() throws Exception {
    server.pause();
    server.kill();
    server.start();
    assertThat(refuses()).isFalse();
  }

  @Test
  void aReloadReplacesTheConfigurationAndKeepsConnections() throws Exception {
    try (Connection before = connect()) {
      assertThat(before.getMaxPayload()).isEqualTo(1 << 20);

      server.reload(SMALL);

      before.flush(SOON);
      try (Connection after = connect()) {
        assertThat(after.getMaxPayload()).isEqualTo(1234);
      }
      server.reload(OPEN);
    }
  }

  @Test
  void aReloadOutlivesARestart() throws Exception {
    server.reload(SMALL);
    server.restart();
    try (Connection after = connect()) {
      assertThat(after.getMaxPayload()).isEqualTo(1234);
    }
    server.reload(OPEN);
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no signal HUP")
  void aReloadThatTheServerRefusesFailsAndChangesNothing() throws Exception {
    assertThatThrownBy(
            () -> server.reload(new ServerConfig("wrong", OPEN.text() + "\nmax_payload: -no-\n")))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("configuration \"wrong\"", "Failed to reload");

    server.restart();
    assertThat(refuses()).isFalse();
  }

  @Test
  void aLameDuckCanBeStoppedAndStarted() throws Exception {
    // While it has a client it goes on by itself for ten seconds.
    try (Connection client = connect()) {
      server.lameDuck();
      assertTimeout(Duration.ofSeconds(8), server::stop);
    }
    assertThat(refuses()).isTrue();

    server.start();
    assertThat(refuses()).isFalse();
  }

  @Test
  void aLameDuckTellsItsClients() throws Exception {
    CompletableFuture<Void> told = new CompletableFuture<>();
    Options options =
        new Options.Builder()
            .server(server.url())
            .connectionListener(
                new ConnectionListener() {
                  @Override
                  @SuppressWarnings("deprecation")
                  public void connectionEvent(Connection connection, Events type) {}

                  @Override
                  public void connectionEvent(
                      Connection connection, Events type, Long time, String uri) {
                    if (type == Events.LAME_DUCK) {
                      told.complete(null);
                    }
                  }
                })
            .build();
    try (Connection connection = Nats.connect(options)) {
      server.lameDuck();
      assertThat(told).succeedsWithin(SOON);
    }
    server.restart();
  }

  @Test
  void aConfigurationTheServerRejectsFailsWithWhatItSaid() {
    assertThatThrownBy(() -> TestServer.start(new ServerConfig("broken", "port: {")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("did not start");
  }

  @Test
  void stoppingADeadServerAndStartingALiveOneIsToldApart() throws Exception {
    assertThatThrownBy(server::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageEndingWith("is running");
    server.kill();
    server.kill();
    server.stop();
    server.start();
    assertThat(refuses()).isFalse();
  }

  @Test
  void closeTwiceIsCloseOnce() throws Exception {
    RunningServer other = TestServer.start(OPEN);
    int port = other.port();
    other.close();
    other.close();
    new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
  }

  /** A static field: one server for the tests of the class, and of the classes within. */
  @Nested
  class OfAClass {
    @RegisterExtension static final TestServer shared = TestServer.with(OPEN);

    private static int port;

    @Test
    void oneTest() {
      sameAsBefore();
    }

    @Test
    void anotherTest() {
      sameAsBefore();
    }

    @Nested
    class Within {
      @Test
      void theThird() {
        sameAsBefore();
      }
    }

    @Nested
    class AlsoWithin {
      @Test
      void theFourth() {
        sameAsBefore();
      }
    }

    private static void sameAsBefore() {
      port = port == 0 ? shared.port() : port;
      assertThat(shared.port()).isEqualTo(port);
    }
  }

  /**
   * The first test to run fails and leaves its server dead, which must not be the second's trouble.
   */
  static class OneFails {
    @RegisterExtension static final TestServer shared = TestServer.with(OPEN);

    private static final List<Integer> PORTS = new ArrayList<>();

    @Test
    void one() throws IOException {
      failOrGoOn();
    }

    @Test
    void another() throws IOException {
      failOrGoOn();
    }

    private static void failOrGoOn() throws IOException {
      PORTS.add(shared.port());
      if (PORTS.size() == 1) {
        shared.kill();
        fail("the first one");
      }
    }
  }

  @Test
  void afterAFailedTestTheNextGetsANewServerAndNoneIsLeft() {
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(OneFails.class))
        .execute()
        .testEvents()
        .assertStatistics(stats -> stats.succeeded(1).failed(1));

    assertThat(OneFails.PORTS).hasSize(2).doesNotHaveDuplicates();
    assertThat(OneFails.PORTS)
        .allSatisfy(port -> new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close());
  }
}
