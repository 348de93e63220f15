package io.github.natsexperiments.keyvalue;

import static io.github.natsexperiments.keyvalue.Entries.entries;
import static io.github.natsexperiments.keyvalue.Entries.watching;
import static io.github.natsexperiments.testkit.Pair.connect;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.keyvalue.Entries.Entry;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server goes away and comes back. */
class KvRestartIT {
  @RegisterExtension final TestServer server = TestServer.profile("open");

  private void put(Object... args) {
    assertThat(publisher(server, args).start().waitForExit()).isZero();
  }

  @Test
  void theWatchGoesOnWithinTwoSeconds() throws Exception {
    put("--history", 64, "-n", 5, "-i", 0);
    RunningProgram subscriber = watching(subscriber(server, "--history"));
    for (int round = 0; round < 3; round++) {
      server.kill();
      subscriber.waitForStderr("Disconnected from");
      server.start();
      long up = System.nanoTime();
      try (Connection connection = connect(server)) {
        KeyValue kv = connection.keyValue("sample_kv");
        kv.put("key", "after " + round);
        subscriber.waitForStdout("after " + round);
        assertThat(Duration.ofNanos(System.nanoTime() - up)).isLessThan(Duration.ofSeconds(2));
        kv.put("key", "live " + round); // one that comes while the new watch runs
        subscriber.waitForStdout("live " + round);
      }
    }
    assertThat(entries(subscriber).stream().map(Entry::revision))
        .isEqualTo(LongStream.rangeClosed(1, 11).boxed().toList());
  }

  @Tag("soak")
  @Test
  void whatWasPutBeforeTheWatchIsBackIsNotMissed() throws Exception {
    put("--history", 64, "-n", 1);
    List<RunningProgram> watches =
        List.of(
            watching(subscriber(server, "--updates-only", "-n", 20)),
            watching(subscriber(server, "--key", "other", "-n", 20)));
    server.kill();
    server.start();
    try (Connection connection = connect(server)) {
      KeyValue kv = connection.keyValue("sample_kv");
      for (int n = 0; n < 20; n++) {
        kv.put("key", "n" + n);
        kv.put("other", "n" + n);
      }
    }
    for (RunningProgram watch : watches) {
      assertThat(watch.waitForExit()).isZero();
      assertThat(entries(watch).get(0).value()).isEqualTo("n0");
      assertThat(entries(watch).get(19).value()).isEqualTo("n19");
    }
  }

  @Tag("soak")
  @Test
  void theWatchOutlivesAPausedServer() throws Exception {
    put("-n", 1, "-m", "before");
    RunningProgram subscriber = watching(subscriber(server, "-n", 2));
    server.pause();
    server.resume();
    put("-n", 1, "-m", "after");
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(entries(subscriber)).extracting(Entry::value).containsExactly("before", "after");
  }

  @Tag("soak")
  @Test
  void aBucketInMemoryIsGone() throws Exception {
    put("--storage", "memory", "-n", 1);
    RunningProgram strict = watching(subscriber(server));
    RunningProgram following = watching(subscriber(server, "--follow"));
    RunningProgram publisher = publisher(server, "-i", "100ms").start();
    publisher.waitForStdout("revision = \"2\"");
    server.restart();

    assertThat(strict.waitForExit()).isEqualTo(1);
    strict.waitForStderr("ERROR Bucket \"sample_kv\" is gone: deleted, or kept in memory");
    assertThat(publisher.waitForExit()).isEqualTo(1);
    publisher.waitForStderr("ERROR Bucket \"sample_kv\": it is gone: deleted, or kept in memory");
    following.waitForStderr("Waiting for bucket \"sample_kv\" to be created");
    put("-n", 1, "-m", "again");
    following.waitForStdout("again");
  }

  @Tag("soak")
  @Test
  void aPollGoesOn() throws Exception {
    put("-n", 1, "-m", "before");
    RunningProgram poll = subscriber(server, "--poll", "100ms").start();
    poll.waitForStdout("before");
    server.kill();
    poll.waitForStderr("No answer");
    server.start();
    put("-n", 1, "-m", "after");
    poll.waitForStdout("after");
    poll.waitForStderr("INFO The server answers again");
  }

  @Tag("soak")
  @Test
  void aPollReportsASilenceOnce() throws Exception {
    put("-n", 1);
    RunningProgram poll = subscriber(server, "--poll", "10ms", "-t", "5s").start();
    poll.waitForStdout("PUT");
    server.kill();
    assertThat(poll.waitForExit()).isEqualTo(5);
    assertThat(poll.stderrLines())
        .filteredOn(line -> line.contains("No answer"))
        .singleElement()
        .asString()
        .endsWith("; retrying");
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {"--quiet", "--async"})
  void whatHasNoAnswerIsTold(String option) throws Exception {
    RunningProgram publisher = publisher(server, "-i", 0, option).start();
    publisher.waitForStderr("Connected to");
    try (Connection connection = connect(server)) {
      await().ignoreExceptions().until(() -> connection.keyValue("sample_kv").get("key") != null);
    }
    server.kill();
    publisher.waitForStderr("Disconnected from");
    publisher.sigint();
    assertThat(publisher.waitForExit(Duration.ofSeconds(5))).isEqualTo(130);
    publisher.waitForStderr("without an answer");
  }
}
