package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.testkit.TestCluster;
import io.nats.client.Connection;
import io.nats.client.api.ClusterInfo;
import io.nats.client.api.ConsumerConfiguration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The server that leads the consumer dies, and is not the one that we are connected to. */
@Tag("soak")
class ResumingConsumerClusterIT {
  @Test
  void goesOnWithTheNextLeader() throws Exception {
    try (TestCluster cluster = TestCluster.start()) {
      NativeServer leader;
      try (Connection setup = Sample.connect(cluster.urls())) {
        var management = setup.jetStreamManagement();
        management.addStream(Sample.stream().replicas(3).build());
        ClusterInfo consumer =
            management
                .createConsumer(
                    Sample.STREAM, ConsumerConfiguration.builder().durable("reader").build())
                .getClusterInfo();
        leader = cluster.leader(consumer);
      }
      NativeServer other =
          cluster.nodes().stream().filter(node -> node != leader).findFirst().orElseThrow();
      try (Connection connection = Sample.connect(other.url())) {
        Reader reader = Reader.durable(connection).start();
        // The new leader may not listen yet.
        await().ignoreExceptions().untilAsserted(() -> Sample.publish(other, 0, 100));
        await().atMost(TestCluster.ELECTION).until(() -> reader.has(99));
        leader.kill();
        await()
            .atMost(TestCluster.ELECTION)
            .ignoreExceptions()
            .untilAsserted(() -> Sample.publish(other, 100, 101));
        await()
            .atMost(TestCluster.ELECTION)
            .untilAsserted(() -> assertThat(reader.numbers).as("%s", reader.heard).contains(100));
        assertThat(connection.getStatistics().getReconnects()).isZero();
        reader.consumer.close();
      }
    }
  }
}
