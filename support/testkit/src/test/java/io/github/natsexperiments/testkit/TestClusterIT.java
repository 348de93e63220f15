package io.github.natsexperiments.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.server.NativeServer;
import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.Options;
import io.nats.client.api.StreamConfiguration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("soak")
class TestClusterIT {

  @Test
  void killsTheLeaderAndAnotherTakesOver() throws Exception {
    String settings = "\nauthorization { token: \"secret\" }\n";
    try (TestCluster cluster =
        TestCluster.start(settings, () -> Options.builder().token("secret".toCharArray()))) {
      assertThatThrownBy(() -> Pair.connect(cluster.alive()))
          .isInstanceOf(AuthenticationException.class);
      String leader;
      try (Connection connection = cluster.connect()) {
        leader =
            connection
                .jetStreamManagement()
                .addStream(
                    StreamConfiguration.builder().name("s").subjects("s").replicas(3).build())
                .getClusterInfo()
                .getLeader();
      }
      NativeServer first = cluster.killLeader("s");
      assertThat(first.isAlive()).isFalse();
      assertThat("n" + (cluster.nodes().indexOf(first) + 1)).isEqualTo(leader);
      assertThat(cluster.alive()).isNotSameAs(first);
      try (Connection connection = cluster.connect()) {
        await()
            .atMost(TestCluster.ELECTION)
            .ignoreExceptions()
            .until(() -> connection.jetStream().publish("s", new byte[0]).getSeqno() == 1);
      }
    }
  }
}
