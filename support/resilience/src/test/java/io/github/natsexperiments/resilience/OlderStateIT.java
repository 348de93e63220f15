package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.resilience.BucketGoneException.Reason;
import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Proxy;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import io.nats.client.api.KeyValueConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The server comes back with an older state, from a backup of its files: the creation time is the
 * same, and the next numbers have been seen before, with something else.
 */
class OlderStateIT {
  private static final Duration SOON = Duration.ofSeconds(2);

  @TempDir private Path backup;
  private NativeServer server; // a container's files are out of reach
  private Connection connection;

  @BeforeEach
  void start() throws Exception {
    server = NativeServer.start(ServerConfig.profile("open"), 0);
    connection = Sample.connect(server.url());
  }

  @AfterEach
  void close() throws Exception {
    connection.close();
    server.close();
  }

  private void backUp() throws IOException {
    server.stop();
    copy(server.folder(), backup);
    server.start();
  }

  private void restore() throws IOException {
    server.kill();
    server.wipe();
    copy(backup, server.folder());
    server.start();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = to.resolve(from.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else if (!Files.exists(copy)) {
          Files.copy(file, copy);
        }
      }
    }
  }

  private static void put(KeyValue kv, String value) {
    await().ignoreExceptions().until(() -> kv.put("key", value) > 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWatch(boolean follow) throws Exception {
    connection
        .keyValueManagement()
        .create(KeyValueConfiguration.builder("b").maxHistoryPerKey(64).build());
    KeyValue kv = connection.keyValue("b");
    for (int n = 0; n < 5; n++) {
      put(kv, "kept");
    }
    backUp();
    WatchRecorder seen = new WatchRecorder();
    try (ResumingWatch watch = new ResumingWatch(connection, "b", follow, seen)) {
      watch.watch("key", seen);
      for (int n = 0; n < 5; n++) {
        put(kv, "lost " + n);
      }
      seen.awaitValue("lost 4", SOON);
      restore();
      if (follow) {
        seen.awaitEvent("renewed");
        for (int n = 0; n < 8; n++) {
          put(kv, "new " + n);
        }
        seen.awaitValue("new 7", SOON);
        assertThat(seen.revisions).endsWith(13L).containsSubsequence(numbers(1, 13));
      } else {
        assertThat(seen.awaitFailure(Duration.ofSeconds(5)))
            .isInstanceOfSatisfying(
                BucketGoneException.class, e -> assertThat(e.reason()).isEqualTo(Reason.RECREATED));
      }
    }
  }

  private static List<Long> numbers(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  /** A number that the watch was to begin with is no revision that has been seen. */
  @Tag("more")
  @Test
  void aWatchFromALaterRevision() throws Exception {
    connection.keyValueManagement().create(KeyValueConfiguration.builder("b").build());
    KeyValue kv = connection.keyValue("b");
    put(kv, "before");
    WatchRecorder seen = new WatchRecorder();
    try (ResumingWatch watch = new ResumingWatch(connection, "b", false, seen)) {
      watch.watch("key", seen, 3);
      seen.awaitEvent("endOfData");
      server.restart();
      put(kv, "skipped");
      put(kv, "third");
      seen.awaitValue("third", SOON);
      assertThat(seen.revisions).containsExactly(3L);
    }
  }

  @ParameterizedTest
  @CsvSource({"durable, true", "durable, false", "ordered, false"})
  void aConsumer(String kind, boolean storedBeforeWeAreBack) throws Exception {
    connection.jetStreamManagement().addStream(Sample.stream().build());
    try (Proxy proxy = new Proxy(server.port());
        Connection through = Sample.connect(proxy.url())) {
      Reader reader = kind.equals("ordered") ? Reader.ordered(through) : Reader.durable(through);
      reader.start();
      try {
        reads(reader, 0, 5);
        backUp();
        reads(reader, 5, 10);
        proxy.silence();
        restore();
        if (storedBeforeWeAreBack) {
          Sample.publish(server, 10, 15);
        }
        proxy.cut();
        proxy.speak();
        await().until(() -> reader.heard.stream().filter("consuming"::equals).count() == 3);
        if (!storedBeforeWeAreBack) {
          Sample.publish(server, 10, 15);
        }
        await().until(() -> reader.has(14));
        assertThat(reader.numbers).hasSize(15).doesNotHaveDuplicates();
        assertThat(reader.heard).contains("back at 5").doesNotContain("stream replaced");
      } finally {
        reader.consumer.close();
      }
    }
  }

  private void reads(Reader reader, int from, int end) throws Exception {
    Sample.publish(server, from, end);
    await().until(() -> reader.has(end - 1));
  }
}
