package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.server.NativeCluster;
import io.github.natsexperiments.server.NativeServer;
import io.nats.client.Connection;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The server that leads the consumer dies, and is not the one that we are connected to. */
@Tag("soak")
class ResumingConsumerClusterIT {
  /** Servers elect a new leader after 4 to 9 s of silence; an election or two may fail. */
  private static final Duration ELECTION = Duration.ofSeconds(30);

  @Test
  void goesOnWithTheNextLeader() throws Exception {
    try (NativeCluster cluster = NativeCluster.start(0)) {
      NativeServer any = cluster.nodes().get(0);
      Sample.addStream(any, Sample.stream().replicas(3));
      try (Connection setup = Sample.connect(cluster.urls());
          ResumingConsumer first = ResumingConsumer.of(setup, Sample.STREAM, durable())) {
        first.consume(message -> message.ack());
        await().atMost(ELECTION).ignoreExceptions().until(() -> leader(setup, cluster) != null);
      }
      NativeServer leader;
      NativeServer other;
      try (Connection asking = Sample.connect(any.url())) {
        leader = leader(asking, cluster);
        other = cluster.nodes().stream().filter(node -> node != leader).findFirst().orElseThrow();
      }
      try (Connection connection = Sample.connect(other.url())) {
        Reader reader = Reader.durable(connection).start();
        Sample.publish(other, 0, 100);
        await().atMost(ELECTION).until(() -> reader.has(99));
        leader.kill();
        await()
            .atMost(ELECTION)
            .ignoreExceptions()
            .untilAsserted(() -> Sample.publish(other, 100, 101));
        await()
            .atMost(ELECTION)
            .untilAsserted(() -> assertThat(reader.numbers).as("%s", reader.heard).contains(100));
        assertThat(connection.getStatistics().getReconnects()).isZero();
        reader.consumer.close();
      }
    }
  }

  private static io.nats.client.api.ConsumerConfiguration durable() {
    return io.nats.client.api.ConsumerConfiguration.builder().durable("reader").build();
  }

  private static NativeServer leader(Connection connection, NativeCluster cluster)
      throws Exception {
    String name =
        connection
            .jetStreamManagement()
            .getConsumerInfo(Sample.STREAM, "reader")
            .getClusterInfo()
            .getLeader(); // n1, n2 or n3
    return cluster.nodes().get(Integer.parseInt(name.substring(1)) - 1);
  }
}
