package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class NativeClusterIT {

  @Test
  void goesOnWithoutAnyOneNodeAndLeavesNothing() throws IOException {
    List<NativeServer> nodes = new ArrayList<>();
    try (NativeCluster cluster = NativeCluster.start(0)) {
      nodes.addAll(cluster.nodes());
      assertThat(cluster.urls().split(","))
          .containsExactlyElementsOf(nodes.stream().map(NativeServer::url).toList());
      try (Nats client = new Nats(nodes.get(0))) {
        client.createStream("kept", 3);
        assertThat(client.info())
            .contains("\"cluster\":\"nats_experiments\"", "\"server_name\":\"n1\"");
      }
      await("each node tells its clients where the others are")
          .untilAsserted(
              () -> {
                try (Nats client = new Nats(nodes.get(0))) {
                  assertThat(client.info())
                      .contains("\"127.0.0.1:" + nodes.get(1).port() + "\"")
                      .contains("\"127.0.0.1:" + nodes.get(2).port() + "\"");
                }
              });

      for (NativeServer victim : nodes) {
        victim.kill();
        for (NativeServer other : nodes) {
          if (other != victim) {
            await()
                .atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(store(other)).contains("\"seq\":"));
          }
        }
        victim.start();
      }
    }
    assertThat(nodes)
        .hasSize(NativeCluster.SIZE)
        .allSatisfy(
            node -> {
              assertThat(node.isAlive()).isFalse();
              assertThat(node.folder()).doesNotExist();
            });
  }

  @Test
  void saysWhoHasAPortAndLeavesNothing() throws IOException {
    AtomicReference<NativeCluster> cluster = new AtomicReference<>();
    int port = NativeServer.freePort();
    try (ServerSocket second = new ServerSocket(port + 1, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> cluster.set(NativeCluster.start(port)))
          .isInstanceOf(BindException.class)
          .hasMessageStartingWith("port " + second.getLocalPort() + " is taken by ");
      assertThat(NativeServer.isFree(port)).isTrue();
    } finally {
      if (cluster.get() != null) {
        cluster.get().close();
      }
    }
  }

  private static String store(NativeServer node) throws IOException {
    try (Nats client = new Nats(node)) {
      return client.store("kept");
    }
  }
}
