package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.Proxy;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import io.nats.client.KeyValueManagement;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatchOption;
import io.nats.client.api.KeyValueWatcher;
import io.nats.client.api.Mirror;
import io.nats.client.api.StorageType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens to server, network, bucket and consumer: no gap, nothing twice, soon again. */
class ResumingWatchIT {
  private static final Duration SOON = Duration.ofSeconds(2);

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private final WatchRecorder seen = new WatchRecorder();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
    Sample.clear(server);
  }

  private <T extends AutoCloseable> T closing(T what) {
    open.add(what);
    return what;
  }

  private Connection connect(String url) throws Exception {
    return closing(
        Nats.connect(
            Options.builder()
                .server(url)
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(50))
                .errorListener(new Quiet())
                .build()));
  }

  /** The connection of the test's own, which no proxy cuts. */
  private Connection other() throws Exception {
    return connect(server.url());
  }

  private KeyValue bucket(StorageType storage) throws Exception {
    return bucket(other(), storage);
  }

  private static KeyValue bucket(Connection connection, StorageType storage) throws Exception {
    connection
        .keyValueManagement()
        .create(
            KeyValueConfiguration.builder("b").maxHistoryPerKey(64).storageType(storage).build());
    return connection.keyValue("b");
  }

  private ResumingWatch watch(Connection connection, boolean follow, KeyValueWatchOption... options)
      throws Exception {
    ResumingWatch watch = closing(new ResumingWatch(connection, "b", follow, seen));
    watch.watch(">", seen, options);
    return watch;
  }

  private static void put(KeyValue kv, String value) {
    await().ignoreExceptions().until(() -> kv.put("key", value) > 0);
  }

  /** Every revision once, in order. */
  private void assertNoGap(long last) {
    assertThat(seen.revisions).isEqualTo(LongStream.rangeClosed(1, last).boxed().toList());
  }

  private List<String> consumers() throws Exception {
    return other().jetStreamManagement().getConsumerNames("KV_b");
  }

  @Test
  void theOptionsOfJnats() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    kv.put("a", "1");
    kv.put("a", "2");
    kv.put("b", "3");
    kv.delete("b");
    for (KeyValueWatchOption option : KeyValueWatchOption.values()) {
      WatchRecorder plain = new WatchRecorder();
      WatchRecorder ours = new WatchRecorder();
      kv.watch(">", plain, option);
      ResumingWatch watch = closing(new ResumingWatch(other(), "b", false, ours));
      watch.watch(">", ours, option);
      plain.awaitEvent("endOfData");
      ours.awaitEvent("endOfData");
      long last = kv.put("live", option.name());
      await().until(() -> plain.revisions.contains(last) && ours.revisions.contains(last));
      assertThat(ours.revisions).as(option.name()).isEqualTo(plain.revisions);
      assertThat(ours.values).as(option.name()).isEqualTo(plain.values);
      assertThat(ours.events).containsExactly("endOfData");
    }
    WatchRecorder from = new WatchRecorder();
    ResumingWatch watch = closing(new ResumingWatch(other(), "b", false, from));
    watch.watch("a", from, 2);
    from.awaitEvent("endOfData");
    assertThat(from.revisions).containsExactly(2L);
  }

  @Test
  void anEmptyBucketEndsAtOnce() throws Exception {
    bucket(StorageType.Memory);
    watch(other(), false);
    seen.awaitEvent("endOfData");
    assertThat(seen.revisions).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"kill", "restart"})
  void theServerGoesAndComes(String how) throws Exception {
    KeyValue kv = bucket(StorageType.File);
    put(kv, "before");
    watch(other(), false);
    seen.awaitEvent("endOfData");
    for (int round = 1; round <= 3; round++) {
      if (how.equals("kill")) {
        server.kill();
        server.start();
      } else {
        server.restart();
      }
      put(kv, "after " + round); // before the watch is back, or not
      seen.awaitValue("after " + round, SOON);
      put(kv, "live " + round);
      seen.awaitValue("live " + round, SOON);
      assertThat(consumers()).hasSize(1);
    }
    assertNoGap(kv.getStatus().getBackingStreamInfo().getStreamState().getLastSequence());
    assertThat(seen.events).containsExactly("endOfData");
  }

  @Tag("soak")
  @Test
  void aPausedServer() throws Exception {
    KeyValue kv = bucket(StorageType.File);
    watch(other(), false);
    seen.awaitEvent("endOfData");
    server.pause();
    seen.awaitEvent("retrying");
    server.resume();
    put(kv, "after");
    seen.awaitValue("after", SOON);
    await().until(() -> seen.events.contains("resumed"));
    assertNoGap(1);
    assertThat(seen.events).containsExactly("endOfData", "retrying", "resumed");
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void emptyStorageAfterARestart(boolean follow) throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    put(kv, "old 1");
    put(kv, "old 2");
    watch(other(), follow);
    seen.awaitEvent("endOfData");
    server.restart();
    if (!follow) {
      assertThat(seen.awaitFailure(SOON))
          .isInstanceOfSatisfying(
              BucketGoneException.class,
              e -> assertThat(e.reason()).isEqualTo(BucketGoneException.Reason.DELETED));
      return;
    }
    seen.awaitEvent("waiting");
    Connection connection = other();
    bucket(connection, StorageType.Memory);
    put(kv, "new 1");
    seen.awaitValue("new 1", SOON);
    assertThat(seen.revisions).containsExactly(2L, 1L); // the newest value first
    assertThat(seen.events).containsExactly("endOfData", "waiting", "renewed");
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aNewBucketBeforeTheWatchIsBack(boolean follow) throws Exception {
    Proxy proxy = closing(new Proxy(server.port()));
    KeyValue kv = bucket(StorageType.Memory);
    for (int n = 0; n < 5; n++) {
      put(kv, "old");
    }
    watch(connect(proxy.url()), follow);
    seen.awaitEvent("endOfData");
    proxy.silence();
    KeyValueManagement management = other().keyValueManagement();
    management.delete("b");
    bucket(other(), StorageType.Memory);
    for (int n = 0; n < 7; n++) {
      put(kv, "new " + n);
    }
    proxy.cut();
    proxy.speak();
    if (follow) {
      seen.awaitValue("new 6", SOON);
      assertThat(seen.revisions).containsExactly(5L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
      assertThat(seen.events).containsExactly("endOfData", "renewed");
    } else {
      assertThat(seen.awaitFailure(SOON))
          .isInstanceOfSatisfying(
              BucketGoneException.class,
              e -> assertThat(e.reason()).isEqualTo(BucketGoneException.Reason.RECREATED));
    }
  }

  @Test
  void aBucketDeletedAndCreatedWhileConnected() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    put(kv, "old");
    watch(other(), true);
    seen.awaitEvent("endOfData");
    other().keyValueManagement().delete("b");
    bucket(other(), StorageType.Memory);
    put(kv, "new 1");
    put(kv, "new 2");
    seen.awaitValue("new 2", Duration.ofSeconds(3));
    assertThat(seen.revisions).containsExactly(1L, 1L, 2L);
  }

  @Test
  void noBucketYet() throws Exception {
    watch(other(), true, KeyValueWatchOption.UPDATES_ONLY);
    seen.awaitEvent("waiting");
    KeyValue kv = bucket(StorageType.Memory);
    put(kv, "first");
    seen.awaitValue("first", SOON);
    assertThat(seen.events).startsWith("waiting").containsOnlyOnce("waiting", "endOfData");

    WatchRecorder strict = new WatchRecorder();
    closing(new ResumingWatch(other(), "none", false, strict)).watch("key", strict);
    assertThat(strict.awaitFailure(SOON))
        .isInstanceOfSatisfying(
            BucketGoneException.class,
            e -> assertThat(e.reason()).isEqualTo(BucketGoneException.Reason.NOT_FOUND));
  }

  @Test
  void aDeletedConsumer() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    put(kv, "before");
    watch(other(), false);
    seen.awaitEvent("endOfData");
    String first = consumers().get(0);
    other().jetStreamManagement().deleteConsumer("KV_b", first);
    put(kv, "after");
    seen.awaitValue("after", SOON);
    assertNoGap(2);
    assertThat(consumers()).hasSize(1).doesNotContain(first);
  }

  /** What the consumer did not send is as suspicious as what is missing. */
  @Test
  void aStrayMessage() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    put(kv, "before");
    watch(other(), false);
    seen.awaitEvent("endOfData");
    ConsumerInfo first = other().jetStreamManagement().getConsumers("KV_b").get(0);
    other().publish(first.getConsumerConfiguration().getDeliverSubject(), new byte[1]);
    await().until(() -> !consumers().isEmpty() && !consumers().contains(first.getName()));
    put(kv, "after");
    seen.awaitValue("after", SOON);
    assertNoGap(2);
    assertThat(seen.values).containsExactly("before", "after");
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {"cut", "cutTwice", "silence", "silenceServer"})
  void theNetworkBreaks(String how) throws Exception {
    Proxy proxy = closing(new Proxy(server.port()));
    KeyValue kv = bucket(StorageType.Memory);
    Connection watching = connect(proxy.url());
    watch(watching, false);
    seen.awaitEvent("endOfData");
    AtomicInteger most = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    Connection counting = other();
    Thread counter =
        new Thread(
            () -> {
              while (!over.get()) {
                try {
                  int now = counting.jetStreamManagement().getConsumerNames("KV_b").size();
                  most.accumulateAndGet(now, Math::max);
                } catch (Exception e) {
                  return; // the test is over
                }
              }
            });
    counter.start();
    boolean silence = how.startsWith("silence");
    int rounds = silence ? 1 : 3;
    for (int round = 1; round <= rounds; round++) {
      Sample.breakNetwork(proxy, how);
      for (int n = 0; n < 20; n++) {
        put(kv, round + "." + n);
      }
      if (silence) {
        seen.awaitEvent("retrying");
        proxy.speak();
      }
      seen.awaitValue(round + ".19", how.equals("cutTwice") ? Duration.ofSeconds(5) : SOON);
    }
    over.set(true);
    counter.join();
    assertNoGap(20L * rounds);
    assertThat(most).hasValueLessThanOrEqualTo(1);
  }

  /** The newest value of each key, and no other, also when that is interrupted. */
  @Test
  void aSnapshotIsInterrupted() throws Exception {
    Proxy proxy = closing(new Proxy(server.port()));
    KeyValue kv = bucket(StorageType.Memory);
    for (int n = 1; n <= 600; n++) {
      kv.put(n <= 500 ? "k" + n : "x", "value");
    }
    CountDownLatch half = new CountDownLatch(250);
    CountDownLatch cut = new CountDownLatch(1);
    KeyValueWatcher slow =
        new KeyValueWatcher() {
          @Override
          public void watch(KeyValueEntry entry) {
            seen.watch(entry);
            half.countDown();
            if (half.getCount() == 0) {
              awaitQuietly(cut);
            }
          }

          @Override
          public void endOfData() {
            seen.endOfData();
          }
        };
    ResumingWatch watch = closing(new ResumingWatch(connect(proxy.url()), "b", false, seen));
    watch.watch(">", slow);
    half.await();
    proxy.cut();
    cut.countDown();
    seen.awaitEvent("endOfData");
    assertThat(seen.revisions).hasSize(501).last().isEqualTo(600L);
    assertThat(seen.revisions.subList(0, 500))
        .isEqualTo(LongStream.rangeClosed(1, 500).boxed().toList());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A watcher that takes its time is no reason for a second consumer, and loses nothing. */
  @Tag("more")
  @Test
  void aSlowWatcherAndManyBytes() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    byte[] large = new byte[500_000];
    CountDownLatch release = new CountDownLatch(1);
    AtomicLong bytes = new AtomicLong();
    ResumingWatch watch = closing(new ResumingWatch(other(), "b", false, seen));
    watch.watch(
        ">",
        new KeyValueWatcher() {
          @Override
          public void watch(KeyValueEntry entry) {
            awaitQuietly(release);
            bytes.addAndGet(entry.getDataLen());
            seen.revisions.add(entry.getRevision());
          }

          @Override
          public void endOfData() {
            seen.endOfData();
          }
        });
    seen.awaitEvent("endOfData");
    String first = consumers().get(0);
    for (int n = 0; n < 150; n++) {
      kv.put("k" + n, large);
    }
    // Longer than three heartbeats.
    await().pollDelay(Duration.ofSeconds(2)).until(() -> true);
    assertThat(consumers()).containsExactly(first);
    release.countDown();
    await().until(() -> seen.revisions.size() >= 150);
    assertNoGap(150);
    assertThat(bytes).hasValue(150L * large.length);
  }

  @Test
  void anErrorInTheWatcherEndsTheWatch() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    ResumingWatch watch = closing(new ResumingWatch(other(), "b", false, seen));
    AtomicInteger calls = new AtomicInteger();
    watch.watch(
        ">",
        new KeyValueWatcher() {
          @Override
          public void watch(KeyValueEntry entry) {
            calls.incrementAndGet();
            throw new NoClassDefFoundError("of the test");
          }

          @Override
          public void endOfData() {
            // not of interest
          }
        });
    put(kv, "1");
    put(kv, "2");
    assertThat(seen.awaitFailure(SOON)).isInstanceOf(NoClassDefFoundError.class);
    await().untilAsserted(() -> assertThat(consumers()).isEmpty());
    assertThat(calls).hasValue(1);
    assertThat(seen.events).containsExactly("failed");
  }

  @Test
  void anErrorInEndOfDataEndsTheWatch() throws Exception {
    bucket(StorageType.Memory);
    ResumingWatch watch = closing(new ResumingWatch(other(), "b", false, seen));
    watch.watch(
        ">",
        new KeyValueWatcher() {
          @Override
          public void watch(KeyValueEntry entry) {
            // not of interest
          }

          @Override
          public void endOfData() {
            throw new IllegalStateException("of the test");
          }
        });
    assertThat(seen.awaitFailure(SOON)).hasMessage("of the test");
  }

  @Test
  void aConnectionClosedForGood() throws Exception {
    bucket(StorageType.Memory);
    Connection connection = other();
    watch(connection, true);
    seen.awaitEvent("endOfData");
    connection.close();
    assertThat(seen.awaitFailure(SOON)).isInstanceOf(ConnectionClosedException.class);
  }

  @Test
  void nobodyIsCalledAfterClose() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    AtomicInteger late = new AtomicInteger();
    Connection connection = other();
    AtomicBoolean writing = new AtomicBoolean(true);
    Thread writer =
        new Thread(
            () -> {
              while (writing.get()) {
                put(kv, "x");
              }
            });
    writer.start();
    for (int round = 0; round < 50; round++) {
      AtomicBoolean closed = new AtomicBoolean();
      CountDownLatch first = new CountDownLatch(1);
      try (ResumingWatch watch = new ResumingWatch(connection, "b", false, seen)) {
        watch.watch(
            ">",
            new KeyValueWatcher() {
              @Override
              public void watch(KeyValueEntry entry) {
                late.addAndGet(closed.get() ? 1 : 0);
                first.countDown();
              }

              @Override
              public void endOfData() {
                // not of interest
              }
            });
        assertThat(first.await(5, TimeUnit.SECONDS)).isTrue();
      }
      closed.set(true);
    }
    writing.set(false);
    writer.join();
    assertThat(late).hasValue(0);
    assertThat(connection.getStatistics().getReconnects()).isZero(); // no race of jnats either
    assertThat(seen.events).isEmpty();
    await().untilAsserted(() -> assertThat(consumers()).isEmpty());
  }

  @Tag("soak")
  @Test
  void closeAndInterruptsWakeEverybody() throws Exception {
    bucket(StorageType.Memory);
    ResumingWatch watch = watch(other(), false);
    seen.awaitEvent("endOfData");
    server.pause();
    seen.awaitEvent("retrying");
    long before = System.nanoTime();
    watch.close();
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(3));

    CountDownLatch never = new CountDownLatch(1);
    server.resume();
    ResumingWatch stuck = new ResumingWatch(other(), "b", false, seen);
    CountDownLatch called = new CountDownLatch(1);
    stuck.watch(
        ">",
        new KeyValueWatcher() {
          @Override
          public void watch(KeyValueEntry entry) {
            // not of interest
          }

          @Override
          public void endOfData() {
            called.countDown();
            awaitQuietly(never);
          }
        });
    called.await();
    Thread closing = new Thread(stuck::close);
    closing.start();
    closing.interrupt();
    closing.join(1000);
    assertThat(closing.isAlive()).isFalse();
    never.countDown();
  }

  @Test
  void aWatcherMayCloseItsWatch() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    ResumingWatch watch = new ResumingWatch(other(), "b", false, seen);
    watch.watch(
        ">",
        new KeyValueWatcher() {
          @Override
          public void watch(KeyValueEntry entry) {
            seen.watch(entry);
            watch.close();
          }

          @Override
          public void endOfData() {
            // not of interest
          }
        });
    put(kv, "1");
    put(kv, "2");
    await().untilAsserted(() -> assertThat(seen.revisions).containsExactly(1L));
    await().untilAsserted(() -> assertThat(consumers()).isEmpty());
  }

  @Test
  void aMirror() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    put(kv, "1");
    Connection connection = other();
    connection
        .keyValueManagement()
        .create(
            KeyValueConfiguration.builder("m")
                .mirror(Mirror.builder().name("KV_b").build())
                .build());
    ResumingWatch watch = closing(new ResumingWatch(other(), "m", false, seen));
    watch.watch("key", seen);
    seen.awaitValue("1", Duration.ofSeconds(20)); // the mirror itself takes its time
    put(kv, "2");
    seen.awaitValue("2", SOON);
  }

  @Tag("more")
  @Test
  void aBucketWhoseConsumersMayNotRestLong() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    Sample.limitInactivity(other(), "KV_b");
    watch(other(), false);
    seen.awaitEvent("endOfData");
    put(kv, "1");
    seen.awaitValue("1", SOON);
  }

  @Test
  void whyAValueWent() throws Exception {
    KeyValue kv = bucket(StorageType.Memory);
    List<KeyValueEntry> entries = new ArrayList<>();
    ResumingWatch watch = closing(new ResumingWatch(other(), "b", false, seen));
    watch.watch(
        "key",
        new KeyValueWatcher() {
          @Override
          public void watch(KeyValueEntry entry) {
            entries.add(entry);
            seen.watch(entry);
          }

          @Override
          public void endOfData() {
            // not of interest
          }
        });
    put(kv, "1");
    seen.awaitValue("1", SOON);
    kv.purge("key");
    await().until(() -> seen.revisions.size() == 2);
    assertThat(((WatchedEntry) entries.get(1)).header("KV-Operation")).isEqualTo("PURGE");
    assertThat(((WatchedEntry) entries.get(0)).header("KV-Operation")).isNull();
  }

  private static final class Quiet implements io.nats.client.ErrorListener {}
}
