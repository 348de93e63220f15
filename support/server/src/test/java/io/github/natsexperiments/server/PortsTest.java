package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PortsTest {

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
    assertTakenBy("nats-server 9.8.7");
    greeter.join();
  }

  @Test
  void takesNobodyElseForOne() {
    CompletableFuture<Void> greeter = greet("220 mail.example.org ESMTP\r\n");
    assertTakenBy("another program");
    greeter.join();
  }

  @Test
  void doesNotWaitForAGreeting() {
    assertTakenBy("another program");
  }

  @Test
  void aFreePortIsFree() throws IOException {
    int port = Ports.free();
    assertThat(Ports.isFree(port)).isTrue();
    Ports.requireFree(port);
    assertThat(Ports.isFree(listener.getLocalPort())).isFalse();
  }

  private void assertTakenBy(String owner) {
    int port = listener.getLocalPort();
    assertThatThrownBy(() -> Ports.requireFree(port))
        .isInstanceOf(BindException.class)
        .hasMessage("port " + port + " is taken by " + owner);
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
}
