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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("soak")
class NativeClusterIT {

  @Test
  void goesOnWithoutItsLeaderAndLeavesNothing() throws IOException {
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

      NativeServer leader = leader(nodes);
      leader.kill();
      for (NativeServer other : nodes) {
        if (other != leader) {
          // They elect a new leader after 4 to 9 s of silence, and once more when they disagree.
          await()
              .atMost(Duration.ofSeconds(30))
              .ignoreExceptions()
              .untilAsserted(() -> assertThat(store(other)).contains("\"seq\":"));
        }
      }
      leader.start();
      await("the node that was away has caught up")
          .atMost(Duration.ofSeconds(90))
          .ignoreExceptions()
          .untilAsserted(
              () -> assertThat(info(leader)).containsPattern("\"current\":true.*\"current\":true"));
      assertThat(store(leader)).contains("\"seq\":");
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
    int port = Ports.free();
    try (ServerSocket second = new ServerSocket(port + 1, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> cluster.set(NativeCluster.start(port)))
          .isInstanceOf(BindException.class)
          .hasMessageStartingWith("port " + second.getLocalPort() + " is taken by ");
      assertThat(Ports.isFree(port)).isTrue();
    } finally {
      if (cluster.get() != null) {
        cluster.get().close();
      }
    }
  }

  /** The node that takes what is stored in the stream. */
  private static NativeServer leader(List<NativeServer> nodes) throws IOException {
    Matcher leader = Pattern.compile("\"leader\":\"n(\\d)\"").matcher(info(nodes.get(0)));
    assertThat(leader.find()).isTrue();
    return nodes.get(Integer.parseInt(leader.group(1)) - 1);
  }

  private static String info(NativeServer node) throws IOException {
    try (Nats client = new Nats(node)) {
      return client.streamInfo("kept");
    }
  }

  private static String store(NativeServer node) throws IOException {
    try (Nats client = new Nats(node)) {
      return client.store("kept");
    }
  }
}
