package io.github.natsexperiments.resilience;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.api.KeyValueConfiguration;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What all classes promise alike, with all of them at work. */
class EveryClassIT {
  @RegisterExtension final TestServer server = TestServer.profile("open");

  private final List<AutoCloseable> open = new ArrayList<>();
  private final Map<String, Future<?>> work = new LinkedHashMap<>();

  @BeforeEach
  void start() throws Exception {
    Connection connection = closing(Sample.connect(server.url()));
    Sample.addStream(server, Sample.stream());
    connection.keyValueManagement().create(KeyValueConfiguration.builder("b").build());

    CompletableFuture<Void> failed = new CompletableFuture<>();
    ResumingWatch watch =
        closing(new ResumingWatch(connection, "b", true, failed::completeExceptionally));
    watch.watch("key", new WatchRecorder());
    work.put("watch", failed);

    Reader durable = Reader.durable(connection).start();
    closing(durable.consumer);
    work.put("durable", Background.run(durable.consumer::await));
    Reader ordered = Reader.ordered(connection).start();
    closing(ordered.consumer);
    work.put("ordered", Background.run(ordered.consumer::await));

    byte[] body = "0".getBytes(UTF_8);
    IdempotentPublisher publisher = closing(IdempotentPublisher.builder(connection).build());
    work.put("publish", forEver(() -> publisher.publish(Sample.SUBJECT, body)));
    IdempotentPublisher inOrder =
        closing(IdempotentPublisher.inOrder(Sample.options(server.url()), Sample.STREAM).build());
    work.put("inOrder", forEver(() -> inOrder.publish(Sample.SUBJECT, body)));

    IdempotentKeyValue kv = closing(new IdempotentKeyValue(connection, "b"));
    work.put("put", forEver(() -> kv.put("key", body)));
    await().until(() -> kv.get("key") != null && ordered.has(0) && durable.has(0));
  }

  private <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  private Future<Void> forEver(Background.Work step) {
    Future<Void> running =
        Background.run(
            () -> {
              while (true) {
                step.run();
              }
            });
    closing(() -> running.cancel(true));
    return running;
  }

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  @Test
  void aLoginThatIsRefusedAfterARestartEndsEveryWait() throws Exception {
    String login = ServerConfig.profile("open").text() + "\nauthorization { token: other }\n";
    server.reload(new ServerConfig("locked", login));
    server.kill();
    server.start();
    for (String name : work.keySet()) {
      Throwable why = catchThrowable(() -> work.get(name).get(10, TimeUnit.SECONDS)).getCause();
      assertThat(why).as(name).hasMessageContaining("Authorization Violation");
      if (name.equals("inOrder")) { // makes connections of its own
        assertThat(why).isInstanceOf(ConnectFailedException.class);
      } else {
        assertThat(why)
            .as(name)
            .isInstanceOfSatisfying(
                ConnectionClosedException.class,
                closed -> assertThat(closed.isLoginRefused()).isTrue());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kill", "pause"})
  void nobodySpinsWhileTheServerIsAway(String how) throws Exception {
    if (how.equals("kill")) {
      server.kill();
    } else {
      server.pause();
    }
    Duration seconds = Duration.ofSeconds(2);
    await().pollDelay(Duration.ofMillis(300)).until(() -> true);
    long before = processorTime();
    await().pollDelay(seconds).until(() -> true);
    assertThat(processorTime() - before).isLessThan(seconds.toNanos() / 10);
    assertThat(work.values()).noneMatch(Future::isDone);
    if (how.equals("kill")) {
      server.start();
    } else {
      server.resume();
    }
  }

  /** Of all threads that there are, also those of jnats. */
  private static long processorTime() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return LongStream.of(threads.getAllThreadIds())
        .map(threads::getThreadCpuTime)
        .filter(nanos -> nanos > 0)
        .sum();
  }
}
