package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NativeServerIT {

  private static final ServerConfig OPEN = ServerConfig.profile("open");

  private NativeServer server;

  @BeforeEach
  void start() throws IOException {
    server = NativeServer.start(OPEN, 0);
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void isReadyWhenStartReturns() throws IOException {
    assertThat(Nats.get(server, "/healthz")).contains("\"ok\"");
    assertThat(server.url()).isEqualTo("nats://127.0.0.1:" + server.port());
    try (Nats client = new Nats(server)) {
      assertThat(client.info()).contains("\"jetstream\":true", "\"port\":" + server.port());
      client.ping();
    }
  }

  @Test
  void saysWhichServerItIsAndWhereFrom() throws IOException {
    ServerBinary binary = ServerBinary.find();
    assertThat(server.description())
        .isEqualTo("nats-server " + binary.version() + " from " + binary.origin());
    try (Nats client = new Nats(server)) {
      assertThat(client.info()).contains("\"version\":\"" + binary.version() + "\"");
    }
  }

  @Test
  void listensOnTheLoopbackAddressOnly() throws IOException {
    try (Nats client = new Nats(server)) {
      assertThat(client.info()).contains("\"host\":\"127.0.0.1\"");
    }
  }

  @Test
  void keepsPortAndDataWhenKilledAndStarted() throws IOException {
    try (Nats client = new Nats(server)) {
      client.createStream("kept");
    }
    ProcessHandle first = server.process();

    server.kill();

    assertThat(first.isAlive()).isFalse();
    assertThatThrownBy(() -> new Nats(server)).isInstanceOf(ConnectException.class);
    server.start();
    assertThat(server.process().pid()).isNotEqualTo(first.pid());
    try (Nats client = new Nats(server)) {
      assertThat(client.streamNames()).contains("\"kept\"");
    }
  }

  @Test
  void keepsPortAndDataWhenRestarted() throws IOException {
    try (Nats client = new Nats(server)) {
      client.createStream("kept");
      ProcessHandle first = server.process();
      server.restart();
      assertThat(first.isAlive()).isFalse();
    }
    try (Nats client = new Nats(server)) {
      assertThat(client.streamNames()).contains("\"kept\"");
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void answersNobodyWhilePausedAndEverybodyAfter() throws IOException {
    try (Nats client = new Nats(server)) {
      client.setTimeout(300);
      server.pause();
      assertThatThrownBy(client::ping).isInstanceOf(SocketTimeoutException.class);
      client.setTimeout(5_000);
      server.resume();
      assertThat(client.read()).isEqualTo("PONG");
      client.ping();
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void stopsAndClosesEvenWhenPaused() throws IOException {
    server.pause();
    server.stop();
    assertThat(server.process().isAlive()).isFalse();
    server.start();
    server.pause();
    server.close();
    assertThat(server.process().isAlive()).isFalse();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void stopsInOrder() throws IOException {
    try (Nats client = new Nats(server)) {
      server.stop();
      assertThat(client.read()).isNull();
    }
    server.stop();
    server.kill();
    assertThatThrownBy(server::pause)
        .isInstanceOf(IOException.class)
        .hasMessage("%s on port %d is not running", server.description(), server.port());
  }

  @Test
  void cannotStartTwice() {
    assertThatIllegalStateException().isThrownBy(server::start).withMessageEndingWith("is running");
    server.close();
    assertThatIllegalStateException().isThrownBy(server::start).withMessageEndingWith("is closed");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void lameDuckRefusesNewClientsAndCanBeStopped() throws IOException {
    try (Nats client = new Nats(server)) {
      server.lameDuck();
      await()
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> new Nats(server)).isInstanceOf(ConnectException.class));
      client.ping();
      assertTimeout(Duration.ofSeconds(5), server::stop);
      assertThat(server.process().isAlive()).isFalse();
    }
    server.start();
    new Nats(server).close();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void readsTheNewConfiguration() throws IOException {
    server.reload(config(OPEN.text() + "\nauthorization { token: secret }"));
    assertThatThrownBy(() -> new Nats(server)).hasMessageContaining("Authorization Violation");
    server.restart();
    assertThatThrownBy(() -> new Nats(server)).hasMessageContaining("Authorization Violation");
    server.reload(OPEN);
    new Nats(server).close();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void keepsTheOldConfigurationWhenTheNewOneIsWrong() throws IOException {
    assertThatThrownBy(() -> server.reload(config("port: lots")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("did not reload with configuration \"test\"")
        .hasMessageContaining("Failed to reload");
    new Nats(server).close();
    server.restart();
    new Nats(server).close();
    server.reload(OPEN);
    new Nats(server).close();
  }

  @Test
  void closeLeavesNothing() {
    assertThat(server.folder().resolve("data")).isNotEmptyDirectory();
    server.close();
    server.close();
    assertThat(server.process().isAlive()).isFalse();
    assertThat(server.folder()).doesNotExist();
  }

  /** A single node of a cluster waits for the others, and so does who starts it. */
  @Test
  void closeEndsAStartThatWaits() throws Exception {
    String lonely =
        """
        server_name: lonely
        jetstream {}
        cluster { name: c, listen: "127.0.0.1:-1", routes: ["nats://127.0.0.1:1"] }
        """;
    NativeServer waiting =
        new NativeServer(
            ServerBinary.find(), config(lonely), Ports.free(), Monitoring.HEALTHY, null, null);
    try {
      CompletableFuture<Throwable> start =
          CompletableFuture.runAsync(
                  () -> assertThatThrownBy(waiting::start).hasMessageEndingWith("was closed"))
              .handle((nothing, failure) -> failure);
      await().until(waiting::isAlive);
      waiting.close();
      assertThat(start.get(5, TimeUnit.SECONDS)).isNull();
      assertThat(waiting.folder()).doesNotExist();
    } finally {
      waiting.close();
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void dataIsPrivate() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(server.folder())))
        .isEqualTo("rwx------");
  }

  @Test
  void saysWhoHasThePort() {
    assertThatThrownBy(() -> NativeServer.start(OPEN, server.port()))
        .isInstanceOf(BindException.class)
        .hasMessageMatching(
            "port %d is taken by nats-server \\d+\\.\\d+\\.\\d+".formatted(server.port()));
  }

  @Test
  void startsOnThePortAskedFor() throws IOException {
    server.close();
    try (NativeServer same = NativeServer.start(OPEN, server.port())) {
      assertThat(same.port()).isEqualTo(server.port());
      new Nats(same).close();
    }
  }

  @Test
  void saysInOneLineWhatIsWrongWithTheConfiguration() throws IOException {
    assertThatThrownBy(() -> NativeServer.start(config("jetstream {\n  max_mem: lots\n}"), 0))
        .isInstanceOf(IOException.class)
        .hasNoCause()
        .hasMessageMatching(
            "nats-server \\S+ did not start with configuration \"test\": server.conf:2:.+")
        .hasMessageNotContaining(System.lineSeparator());
  }

  @Test
  void saysWhatStoppedAServerThatWasOnItsWay() {
    String taken =
        "jetstream {}\nwebsocket { listen: \"127.0.0.1:%d\", no_tls: true }"
            .formatted(server.port());
    assertThatThrownBy(() -> NativeServer.start(config(taken), 0))
        .isInstanceOf(BindException.class)
        .hasMessageContaining("did not start with configuration \"test\": Unable to listen")
        .hasMessageContaining("127.0.0.1:" + server.port());
  }

  @Test
  @Tag("windows") // and not in the build of other systems, where it would be reported as skipped
  @EnabledOnOs(OS.WINDOWS)
  void saysWhatWindowsCannotDo() {
    assertThatThrownBy(server::pause)
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage("Windows has no signal STOP");
  }

  private static ServerConfig config(String text) {
    return new ServerConfig("test", text);
  }
}
