package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.NativeCluster;
import io.github.natsexperiments.server.NativeServer;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.KeyValueConfiguration;
import java.time.Duration;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three servers, three copies of the bucket, and the one that leads it dies. */
@Tag("soak")
class ResumingWatchClusterIT {
  /** Servers elect a new leader after 4 to 9 s of silence; an election or two may fail. */
  private static final Duration ELECTION = Duration.ofSeconds(40);

  @Test
  void theLeaderDies() throws Exception {
    WatchRecorder seen = new WatchRecorder();
    try (NativeCluster cluster = NativeCluster.start(0);
        Connection connection =
            Nats.connect(
                Options.builder()
                    .servers(cluster.urls().split(","))
                    .maxReconnects(-1)
                    .reconnectWait(Duration.ofMillis(100))
                    .errorListener(new io.nats.client.ErrorListener() {})
                    .build())) {
      HalfOpenGuard.of(connection);
      connection
          .keyValueManagement()
          .create(KeyValueConfiguration.builder("b").replicas(3).maxHistoryPerKey(64).build());
      KeyValue kv = connection.keyValue("b");
      try (ResumingWatch watch = new ResumingWatch(connection, "b", false, seen)) {
        watch.watch(">", seen);
        kv.put("key", "before");
        seen.awaitValue("before", Duration.ofSeconds(5));
        String leader = kv.getStatus().getBackingStreamInfo().getClusterInfo().getLeader();
        NativeServer node = cluster.nodes().get(Integer.parseInt(leader.substring(1)) - 1);
        node.kill();
        for (int n = 0; n < 20; n++) {
          String value = "after " + n;
          Awaitility.await()
              .atMost(ELECTION)
              .ignoreExceptions()
              .until(() -> kv.put("key", value) > 0);
        }
        seen.awaitValue("after 19", ELECTION);
      }
      long last = kv.getStatus().getBackingStreamInfo().getStreamState().getLastSequence();
      assertThat(seen.revisions).isEqualTo(LongStream.rangeClosed(1, last).boxed().toList());
      assertThat(seen.failure).isNull();
    }
  }
}
