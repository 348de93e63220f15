package io.github.natsexperiments.resilience;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.TestCluster;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.PublishOptions;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three servers, three copies, and the server that leads the bucket dies. */
@Tag("soak")
class IdempotentKeyValueClusterIT {
  private static final int PUTS = 4000;
  private static final int ADDITIONS = 400;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void noWriteIsLostOrDoubledWhenTheLeaderDies() throws Exception {
    try (TestCluster cluster = TestCluster.start();
        Connection one = Sample.connect(cluster.urls());
        Connection two = Sample.connect(cluster.urls())) {
      one.keyValueManagement()
          .create(KeyValueConfiguration.builder("b").replicas(3).maxHistoryPerKey(64).build());
      // Older servers may store both of two simultaneous updates.
      boolean adding = one.getServerInfo().isSameOrNewerThanVersion("2.9.21");
      List<Future<Void>> writers = new ArrayList<>();
      for (Connection connection : List.of(one, two)) {
        writers.add(Background.run(() -> put(connection, connection == one ? "one" : "two")));
        if (adding) {
          writers.add(Background.run(() -> add(connection)));
        }
      }
      int all = 2 * PUTS + (adding ? 2 * ADDITIONS : 0);
      await().atMost(PATIENCE).until(() -> lastRevision(one) > all / 4);
      cluster.killLeader("KV_b");
      for (Future<Void> writer : writers) {
        writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }

      IdempotentKeyValue kv = new IdempotentKeyValue(two, "b");
      assertThat(kv.get("one").getValueAsLong()).isEqualTo(PUTS - 1);
      assertThat(kv.get("two").getValueAsLong()).isEqualTo(PUTS - 1);
      if (adding) {
        assertThat(kv.get("counter").getValueAsLong()).isEqualTo(2 * ADDITIONS);
      }
      assertThat(lastRevision(two)).isEqualTo(all);
    }
  }

  /** The question whether a write is stored, after its answer was lost, changes nothing. */
  @Test
  void anIdCanBeLookedUp() throws Exception {
    try (TestCluster cluster = TestCluster.start();
        Connection connection = Sample.connect(cluster.urls())) {
      connection
          .keyValueManagement()
          .create(KeyValueConfiguration.builder("b").replicas(3).build());
      BucketStream stream =
          new BucketStream(connection, "b", new Retry(connection, "KV_b", new RetryListener() {}));
      PublishOptions id = PublishOptions.builder().messageId("known").build();
      long revision = connection.jetStream().publish("$KV.b.k", new byte[1], id).getSeqno();
      long newest = connection.jetStream().publish("$KV.b.k", new byte[2]).getSeqno();

      assertThat(stream.known("known", "$KV.b.k")).isEqualTo(revision);
      assertThat(stream.known("not known", "$KV.b.k")).isZero();
      assertThat(connection.jetStream().publish("$KV.b.k", new byte[3]).getSeqno())
          .isEqualTo(newest + 1);
    }
  }

  private static long lastRevision(Connection connection) throws Exception {
    return connection
        .jetStreamManagement()
        .getStreamInfo("KV_b")
        .getStreamState()
        .getLastSequence();
  }

  private static void put(Connection connection, String key) throws Exception {
    IdempotentKeyValue kv = new IdempotentKeyValue(connection, "b");
    for (int n = 0; n < PUTS; n++) {
      kv.put(key, Integer.toString(n).getBytes(UTF_8));
    }
  }

  private static void add(Connection connection) throws Exception {
    IdempotentKeyValue kv = new IdempotentKeyValue(connection, "b");
    for (int n = 0; n < ADDITIONS; ) {
      KeyValueEntry entry = kv.get("counter");
      long sum = entry == null ? 1 : entry.getValueAsLong() + 1;
      byte[] value = Long.toString(sum).getBytes(UTF_8);
      try {
        if (entry == null) {
          kv.create("counter", value, null);
        } else {
          kv.update("counter", value, entry.getRevision(), null);
        }
        n++;
      } catch (JetStreamApiException e) {
        if (!JetStreamErrors.isWrongRevision(e)) {
          throw e;
        }
      }
    }
  }
}
