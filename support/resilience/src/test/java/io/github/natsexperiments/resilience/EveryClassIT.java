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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What all classes promise alike, with all of them at waits. */
@Tag("soak")
class EveryClassIT {
  private static final byte[] ONE = "1".getBytes(UTF_8);

  @RegisterExtension final TestServer server = TestServer.profile("open");

  private final Set<Thread> others = Thread.getAllStackTraces().keySet();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final Map<String, Future<?>> waits = new LinkedHashMap<>();
  private final Map<String, Supplier<String>> heard = new LinkedHashMap<>(); // by the listeners

  @BeforeEach
  void start() throws Exception {
    Connection connection = closing(Sample.connect(server.url()));
    Sample.addStream(server, Sample.stream());
    connection.keyValueManagement().create(KeyValueConfiguration.builder("b").build());

    WatchRecorder watched = new WatchRecorder();
    closing(new ResumingWatch(connection, "b", true, watched)).watch("key", watched);
    waits.put("watch", watched.end);
    heard.put("watch", () -> watched.values.size() + " values, " + watched.events);

    consume("durable", Reader.durable(connection));
    consume("ordered", Reader.ordered(connection));
    publish("publish", IdempotentPublisher.builder(connection));
    publish("inOrder", IdempotentPublisher.inOrder(Sample.options(server.url()), Sample.STREAM));

    IdempotentKeyValue kv = closing(new IdempotentKeyValue(connection, "b"));
    waits.put("put", forEver(() -> kv.put("key", ONE)));
    await().until(() -> !watched.values.isEmpty());
  }

  private void consume(String name, Reader reader) {
    closing(reader.start().consumer);
    waits.put(name, Background.run(reader.consumer::await));
    heard.put(name, () -> reader.numbers.size() + " numbers, " + reader.heard);
    await().until(() -> reader.heard.contains("consuming"));
  }

  private void publish(String name, PublisherBuilder builder) throws Exception {
    PublishRecorder recorder = new PublishRecorder();
    IdempotentPublisher publisher = closing(builder.listener(recorder).build());
    waits.put(name, forEver(() -> publisher.publish(Sample.SUBJECT, ONE)));
    heard.put(name, () -> recorder.again + " again, " + recorder.reasons + recorder.answers);
  }

  private <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  private Future<Void> forEver(Background.Work step) {
    return Background.run(
        () -> {
          while (true) {
            step.run();
          }
        });
  }

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      long start = System.nanoTime();
      open.get(i).close();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
    }
  }

  @Test
  void aLoginThatIsRefusedAfterARestartEndsEveryWait() throws Exception {
    String login = ServerConfig.profile("open").text() + "\nauthorization { token: other }\n";
    server.reload(new ServerConfig("locked", login));
    server.kill();
    server.start();
    for (String name : waits.keySet()) {
      Throwable why = catchThrowable(() -> waits.get(name).get(10, TimeUnit.SECONDS)).getCause();
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
    assertThat(waits.values()).noneMatch(Future::isDone);
    if (how.equals("kill")) {
      server.start();
    } else {
      server.resume();
    }
  }

  @Test
  void anInterruptEndsEveryWait() throws Exception {
    server.pause();
    await().pollDelay(Duration.ofMillis(500)).until(() -> true);
    assertThat(background()).hasSize(waits.size() - 1); // nobody waits for the watch
    waits.values().forEach(wait -> wait.cancel(true));
    await().atMost(Duration.ofSeconds(3)).until(() -> background().isEmpty());
    server.resume();
  }

  private Set<Thread> background() {
    Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
    threads.removeIf(thread -> !thread.getName().equals("background") || others.contains(thread));
    return threads;
  }

  @Tag("soak")
  @Test
  void closeEndsEveryWaitAndEveryCallback() throws Exception {
    server.pause();
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThat(heard.values())
                    .extracting(Supplier::get)
                    .allMatch(words -> words.matches(".*(retrying|no ack).*")));
    AutoCloseable connection = open.remove(0);
    close();
    open.clear();
    open.add(connection);
    Map<String, String> before = new LinkedHashMap<>();
    heard.forEach((name, words) -> before.put(name, words.get()));
    server.resume();
    for (String name : waits.keySet()) {
      if (!name.equals("watch")) { // nobody waits for it
        catchThrowable(() -> waits.get(name).get(2, TimeUnit.SECONDS));
        assertThat(waits.get(name)).as(name).isDone();
      }
    }
    await().pollDelay(Duration.ofMillis(500)).until(() -> true);
    heard.forEach((name, words) -> assertThat(words.get()).isEqualTo(before.get(name)));
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
