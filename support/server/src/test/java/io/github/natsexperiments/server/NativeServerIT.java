package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NativeServerIT {

  private static final ServerConfig OPEN = ServerConfig.profile("open");

  private Set<Path> foldersBefore;
  private NativeServer server;

  @BeforeEach
  void start() throws IOException {
    foldersBefore = temporaryFiles();
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
  void lameDuckRefusesNewClientsAndStopsSoon() throws IOException {
    try (Nats client = new Nats(server)) {
      server.lameDuck();
      await()
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> new Nats(server)).isInstanceOf(ConnectException.class));
      assertThat(server.process().isAlive()).isTrue();
      client.ping();
      await()
          .atMost(Duration.ofSeconds(5))
          .until(
              () -> {
                server.stop();
                return true;
              });
      assertThat(server.process().isAlive()).isFalse();
    }
  }

  @Test
  void readsTheNewConfiguration() throws IOException {
    server.reload(config(OPEN.text() + "\nauthorization { token: secret }"));
    assertThatThrownBy(() -> new Nats(server)).hasMessageContaining("Authorization Violation");
    server.restart();
    assertThatThrownBy(() -> new Nats(server)).hasMessageContaining("Authorization Violation");
    server.reload(OPEN);
    new Nats(server).close();
  }

  @Test
  void keepsTheOldConfigurationWhenTheNewOneIsWrong() throws IOException {
    assertThatThrownBy(() -> server.reload(config("port: [")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("did not reload with configuration \"test\"")
        .hasMessageContaining("on line 1");
    server.reload(OPEN);
    server.restart();
    new Nats(server).close();
  }

  @Test
  void closeLeavesNothing() throws IOException {
    assertThat(temporaryFiles()).isNotEqualTo(foldersBefore).contains(server.folder());
    server.close();
    server.close();
    assertThat(server.process().isAlive()).isFalse();
    assertThat(temporaryFiles()).isEqualTo(foldersBefore);
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
    Set<Path> before = temporaryFiles();
    assertThatThrownBy(() -> NativeServer.start(config("jetstream {\n  max_mem: lots\n}"), 0))
        .isInstanceOf(IOException.class)
        .hasNoCause()
        .hasMessageMatching(
            "nats-server \\S+ did not start with configuration \"test\": server.conf:2:.+")
        .hasMessageNotContaining(System.lineSeparator());
    assertThat(temporaryFiles()).isEqualTo(before);
  }

  @Test
  void saysWhatStoppedAServerThatBegan() throws IOException {
    Path file = Files.createTempFile("not-a-folder", "");
    try {
      assertThatThrownBy(
              () ->
                  NativeServer.start(
                      config(
                          "jetstream {}\nwebsocket {port: %d, no_tls: true, host: \"127.0.0.1\"}"
                              .formatted(server.port())),
                      0))
          .hasMessageContaining("address already in use");
    } finally {
      Files.delete(file);
    }
  }

  private static ServerConfig config(String text) {
    return new ServerConfig("test", text);
  }

  private static Set<Path> temporaryFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files
          .filter(file -> file.getFileName().toString().matches("nats.*"))
          .collect(Collectors.toSet());
    }
  }
}
