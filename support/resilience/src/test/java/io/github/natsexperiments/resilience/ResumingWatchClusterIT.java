package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.TestCluster;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import io.nats.client.api.KeyValueConfiguration;
import java.time.Duration;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three servers, three copies of the bucket, and the one that leads it dies. */
@Tag("soak")
class ResumingWatchClusterIT {
  @Test
  void theLeaderDies() throws Exception {
    WatchRecorder seen = new WatchRecorder();
    try (TestCluster cluster = TestCluster.start();
        Connection connection = Sample.connect(cluster.urls())) {
      connection
          .keyValueManagement()
          .create(KeyValueConfiguration.builder("b").replicas(3).maxHistoryPerKey(64).build());
      KeyValue kv = connection.keyValue("b");
      try (ResumingWatch watch = new ResumingWatch(connection, "b", false, seen)) {
        watch.watch(">", seen);
        // The new leader may not listen yet.
        Awaitility.await().ignoreExceptions().until(() -> kv.put("key", "before") > 0);
        seen.awaitValue("before", Duration.ofSeconds(5));
        cluster.killLeader("KV_b");
        for (int n = 0; n < 20; n++) {
          String value = "after " + n;
          Awaitility.await()
              .atMost(TestCluster.ELECTION)
              .ignoreExceptions()
              .until(() -> kv.put("key", value) > 0);
        }
        seen.awaitValue("after 19", TestCluster.ELECTION);
      }
      long last = kv.getStatus().getBackingStreamInfo().getStreamState().getLastSequence();
      assertThat(seen.revisions).isEqualTo(LongStream.rangeClosed(1, last).boxed().toList());
      assertThat(seen.failure).isNull();
    }
  }
}
