package io.github.natsexperiments.resilience;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.TestCluster;
import io.nats.client.Connection;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The server that leads the stream steps down, and the next leader dies, while acks come. */
@Tag("soak")
class IdempotentPublisherClusterIT {
  private static final String STREAM = "s";

  private final AtomicBoolean over = new AtomicBoolean();

  /** One way to publish, on a subject of its own. */
  private final class Way implements AutoCloseable {
    final String subject;
    final IdempotentPublisher publisher;
    final PublishRecorder heard = new PublishRecorder();
    final AtomicInteger published = new AtomicInteger();
    final Future<Void> publishing;

    Way(String subject, PublisherBuilder builder) throws Exception {
      this.subject = subject;
      this.publisher = builder.listener(heard).build();
      this.publishing = Background.run(this::publish);
    }

    private void publish() throws Exception {
      for (int n = 0; !over.get(); n++) {
        byte[] body = (subject + " " + n).getBytes(UTF_8);
        if (subject.equals("publish")) {
          publisher.publish(subject, body);
        } else {
          publisher.send(subject, body);
        }
        published.incrementAndGet();
        LockSupport.parkNanos(100_000); // enough, and leaves time for the servers
      }
    }

    int acked() {
      return subject.equals("publish") ? published.get() : heard.stored.size();
    }

    @Override
    public void close() {
      publisher.close();
    }
  }

  @Test
  void nothingIsLostOrDoubledWhenTheLeaderGoes() throws Exception {
    try (TestCluster cluster = TestCluster.start();
        Connection connection = Sample.connect(cluster.urls())) {
      connection
          .jetStreamManagement()
          .addStream(
              StreamConfiguration.builder()
                  .name(STREAM)
                  .subjects("publish", "send", "readBack", "inOrder")
                  .replicas(3)
                  .build());
      try (Way publish = new Way("publish", IdempotentPublisher.builder(connection));
          Way send = new Way("send", IdempotentPublisher.builder(connection));
          Way readBack =
              new Way("readBack", IdempotentPublisher.builder(connection).readBack(STREAM));
          Way inOrder =
              new Way(
                  "inOrder", IdempotentPublisher.inOrder(Sample.options(cluster.urls()), STREAM))) {
        List<Way> ways = List.of(publish, send, readBack, inOrder);
        awaitMoreAcks(ways);
        String stepDown = "$JS.API.STREAM.LEADER.STEPDOWN." + STREAM;
        connection.request(stepDown, null, Duration.ofSeconds(5));
        awaitMoreAcks(ways);
        cluster.killLeader(STREAM);
        awaitMoreAcks(ways);
        over.set(true);
        for (Way way : ways) {
          way.publishing.get(TestCluster.ELECTION.toSeconds(), TimeUnit.SECONDS);
          assertThat(way.publisher.awaitAcks()).as(way.subject).isZero();
          assertThat(way.heard.again).as(way.subject).hasPositiveValue();
        }
        List<String> bodies =
            await() // the server may have led the whole cluster, too
                .atMost(TestCluster.ELECTION)
                .ignoreExceptions()
                .until(() -> Sample.bodies(cluster.alive().url(), STREAM), all -> true);
        for (Way way : ways) {
          List<Long> stored = new ArrayList<>();
          for (String body : bodies) {
            if (body.startsWith(way.subject + " ")) {
              stored.add(Long.valueOf(body.substring(way.subject.length() + 1)));
            }
          }
          List<Long> all = LongStream.range(0, way.published.get()).boxed().toList();
          switch (way.subject) {
            case "publish" -> assertThat(stored).isEqualTo(all);
            case "inOrder" -> // in a cluster, some can be lost: see its Javadoc
                assertThat(stored).isSorted().doesNotHaveDuplicates().isSubsetOf(all);
            default -> assertThat(stored).containsExactlyInAnyOrderElementsOf(all);
          }
        }
      }
    }
  }

  private static void awaitMoreAcks(List<Way> ways) {
    List<Integer> before = ways.stream().map(Way::acked).toList();
    for (int i = 0; i < ways.size(); i++) {
      Way way = ways.get(i);
      int enough = before.get(i) + 200;
      await()
          .atMost(TestCluster.ELECTION)
          .until(() -> way.acked() > enough || way.publishing.isDone());
    }
  }
}
