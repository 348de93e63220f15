package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(30)
class PortOwnerTest {

  private ServerSocket listener;

  @BeforeEach
  void listen() throws IOException {
    listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    listener.close();
  }

  @Test
  void knowsANatsServerByItsGreeting() {
    CompletableFuture<Void> greeter =
        greet("INFO {\"server_id\":\"NA\",\"version\":\"9.8.7\",\"proto\":1} \r\n");
    assertThat(PortOwner.describe(listener.getLocalPort())).isEqualTo("nats-server 9.8.7");
    greeter.join();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void namesTheProcessThatSaysSomethingElse() {
    CompletableFuture<Void> greeter = greet("220 mail.example.org ESMTP\r\n");
    assertThat(PortOwner.describe(listener.getLocalPort())).isEqualTo(thisProcess());
    greeter.join();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void namesTheProcessThatSaysNothing() {
    assertThat(PortOwner.describe(listener.getLocalPort())).isEqualTo(thisProcess());
  }

  @Test
  void doesNotGuess() throws IOException {
    int port = listener.getLocalPort();
    listener.close();
    assertThat(PortOwner.describe(port)).isEqualTo("another program");
  }

  private CompletableFuture<Void> greet(String greeting) {
    return CompletableFuture.runAsync(
        () -> {
          try (Socket socket = listener.accept()) {
            socket.getOutputStream().write(greeting.getBytes(StandardCharsets.UTF_8));
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static String thisProcess() {
    return "java (process " + ProcessHandle.current().pid() + ")";
  }
}
