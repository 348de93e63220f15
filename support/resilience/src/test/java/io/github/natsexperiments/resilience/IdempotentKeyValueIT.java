package io.github.natsexperiments.resilience;

import static io.github.natsexperiments.resilience.Background.start;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Proxy;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueOperation;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.Mirror;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every write, and whatever can happen to the server or the network while its answer is due. */
class IdempotentKeyValueIT {
  private static final String BUCKET = "bucket";
  private static final Duration SOON = Duration.ofSeconds(2);

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @AfterEach
  void clear() throws Exception {
    Sample.clear(server);
  }

  /** The writes of the class, each to a key that holds what it needs. */
  enum Write {
    PUT {
      @Override
      long to(IdempotentKeyValue kv, KeyValueEntry entry) throws Exception {
        return kv.put("key", bytes("mine"));
      }
    },
    CREATE {
      @Override
      long to(IdempotentKeyValue kv, KeyValueEntry entry) throws Exception {
        return kv.create("new", bytes("mine"), null);
      }
    },
    UPDATE {
      @Override
      long to(IdempotentKeyValue kv, KeyValueEntry entry) throws Exception {
        return kv.update("key", bytes("mine"), entry.getRevision(), null);
      }
    },
    DELETE {
      @Override
      long to(IdempotentKeyValue kv, KeyValueEntry entry) throws Exception {
        return kv.delete("key");
      }
    },
    PURGE {
      @Override
      long to(IdempotentKeyValue kv, KeyValueEntry entry) throws Exception {
        return kv.purge("key");
      }
    };

    abstract long to(IdempotentKeyValue kv, KeyValueEntry entry) throws Exception;

    String key() {
      return this == CREATE ? "new" : "key";
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static Connection connect(String url) throws Exception {
    return Connector.connect(Sample.options(url));
  }

  private static void createBucket(Connection connection, int history) throws Exception {
    connection
        .keyValueManagement()
        .create(KeyValueConfiguration.builder(BUCKET).maxHistoryPerKey(history).build());
  }

  private static long lastRevision(Connection connection) throws Exception {
    return connection
        .jetStreamManagement()
        .getStreamInfo("KV_" + BUCKET)
        .getStreamState()
        .getLastSequence();
  }

  private static <T> T get(Future<T> result) throws Exception {
    return result.get(30, TimeUnit.SECONDS);
  }

  @Test
  void itIsAKeyValueWhileNothingHappens() throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 5);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      assertThat(kv.get("a")).isNull();
      assertThat(kv.create("a", bytes("1"), null)).isEqualTo(1);
      assertThatThrownBy(() -> kv.create("a", bytes("x"), null))
          .matches(JetStreamErrors::isWrongRevision);
      assertThat(kv.update("a", bytes("2"), 1, null)).isEqualTo(2);
      assertThatThrownBy(() -> kv.update("a", bytes("x"), 1, null))
          .matches(JetStreamErrors::isWrongRevision);
      assertThat(kv.put("a", bytes("3"))).isEqualTo(3);
      assertThat(kv.get("a").getValueAsString()).isEqualTo("3");
      assertThat(kv.get("a").getRevision()).isEqualTo(3);
      assertThat(kv.delete("a")).isEqualTo(4);
      assertThat(kv.get("a")).isNull();
      assertThat(new KeyValueEntry(kv.newest("a")).getOperation())
          .isEqualTo(KeyValueOperation.DELETE);
      assertThat(kv.create("a", bytes("5"), null)).isEqualTo(5);
      assertThat(kv.purge("a")).isEqualTo(6);
      assertThat(connection.keyValue(BUCKET).history("a")).hasSize(1);
      assertThat(kv.put("a", new byte[0])).isEqualTo(7);
      assertThat(kv.get("a").getDataLen()).isZero();
    }
  }

  @Test
  void severalThreadsMayWriteAtOnce() throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      List<Future<List<Long>>> writers =
          IntStream.range(0, 4).mapToObj(n -> start(() -> put(kv, 200))).toList();
      List<Long> revisions = new ArrayList<>();
      for (Future<List<Long>> writer : writers) {
        revisions.addAll(get(writer));
      }
      assertThat(revisions)
          .containsExactlyInAnyOrderElementsOf(LongStream.rangeClosed(1, 800).boxed().toList());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a.*", ">", ".a", "a.", "a..b"})
  void noKeyThatTheServerWouldNotAnswer(String key) throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      assertThatThrownBy(() -> kv.put(key, bytes("x")))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> kv.get(key)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** The important one: it is stored, nobody hears of it, and another write replaces it. */
  @ParameterizedTest
  @EnumSource(Write.class)
  void storedAnswerLostAndOverwritten(Write write) throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection other = connect(server.url());
        Connection connection = connect(proxy.url())) {
      createBucket(other, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      kv.put("key", bytes("before"));
      KeyValueEntry entry = kv.get("key");
      proxy.silenceServer();
      Future<Long> result = start(() -> write.to(kv, entry));
      await().until(() -> lastRevision(other) == 2);
      other.keyValue(BUCKET).put(write.key(), "of another");
      proxy.cut();
      proxy.speak();

      assertThat(get(result)).isEqualTo(2);
      assertThat(kv.get(write.key()).getValueAsString()).isEqualTo("of another");
      assertThat(lastRevision(other)).isEqualTo(3);
    }
  }

  /** The same, and the server crashes: what it knows then is what the bucket has kept. */
  @Tag("more")
  @ParameterizedTest
  @EnumSource(Write.class)
  void storedAnswerLostAndTheServerKilled(Write write) throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection connection = connect(proxy.url())) {
      IdempotentKeyValue kv;
      KeyValueEntry entry;
      Future<Long> result;
      try (Connection other = connect(server.url())) {
        createBucket(other, 64);
        kv = new IdempotentKeyValue(connection, BUCKET);
        kv.put("key", bytes("before"));
        entry = kv.get("key");
        proxy.silenceServer();
        result = start(() -> write.to(kv, entry));
        await().until(() -> lastRevision(other) == 2);
        other.keyValue(BUCKET).put(write.key(), "of another");
      }
      server.kill();
      server.start();
      proxy.cut();
      proxy.speak();

      assertThat(get(result)).isEqualTo(2);
      assertThat(kv.get(write.key()).getValueAsString()).isEqualTo("of another");
      assertThat(lastRevision(connection)).isEqualTo(3);
    }
  }

  /** Longer than the server remembers ids: the history has it. */
  @Tag("more")
  @ParameterizedTest
  @EnumSource(
      value = Write.class,
      names = {"PUT", "CREATE", "UPDATE", "DELETE"})
  void whatTheServerHasForgottenIsFoundInTheHistory(Write write) throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection other = connect(server.url());
        Connection connection = connect(proxy.url())) {
      StreamConfiguration asKept =
          other
              .keyValueManagement()
              .create(KeyValueConfiguration.builder(BUCKET).maxHistoryPerKey(5).build())
              .getBackingStreamInfo()
              .getConfiguration();
      other
          .jetStreamManagement()
          .updateStream(
              StreamConfiguration.builder(asKept).duplicateWindow(Duration.ofMillis(100)).build());
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      kv.put("key", bytes("before"));
      KeyValueEntry entry = kv.get("key");
      proxy.silenceServer();
      Future<Long> result = start(() -> write.to(kv, entry));
      await().until(() -> lastRevision(other) == 2);
      for (int n = 0; n < 3; n++) {
        other.keyValue(BUCKET).put(write.key(), "of another");
      }
      awaitForgotten(other);
      proxy.cut();
      proxy.speak();

      assertThat(get(result)).isEqualTo(2);
      assertThat(kv.get(write.key()).getValueAsString()).isEqualTo("of another");
    }
  }

  /** An id counts as a part of the value; so does the expected revision. */
  @Test
  void aValueWithNoRoomForAnId() throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection other = connect(server.url());
        Connection connection = connect(proxy.url())) {
      other
          .keyValueManagement()
          .create(
              KeyValueConfiguration.builder(BUCKET)
                  .maximumValueSize(60)
                  .maxHistoryPerKey(5)
                  .build());
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      kv.put("key", bytes("mine"));
      proxy.silenceServer();
      Future<Long> result = start(() -> kv.update("key", bytes("mine"), 1, null));
      await().until(() -> lastRevision(other) == 2);
      other.keyValue(BUCKET).put("key", "another");
      proxy.cut();
      proxy.speak();
      assertThat(get(result)).isEqualTo(2);
      assertThat(kv.get("key").getValueAsString()).isEqualTo("another");
      assertThatThrownBy(() -> kv.put("key", new byte[61])).hasMessageContaining("10054");
    }
  }

  private static void awaitForgotten(Connection connection) {
    await()
        .until(
            () -> {
              io.nats.client.PublishOptions same =
                  io.nats.client.PublishOptions.builder().messageId("probe").build();
              String subject = "$KV." + BUCKET + ".probe";
              long first = connection.jetStream().publish(subject, bytes("1"), same).getSeqno();
              await()
                  .until(
                      () ->
                          connection.jetStream().publish(subject, bytes("2"), same).getSeqno()
                              > first);
              return true;
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"cut", "cutTwice", "silence", "silenceServer"})
  void theNetworkBreaks(String fault) throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection direct = connect(server.url());
        Connection connection = connect(proxy.url())) {
      createBucket(connection, 64);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      for (int round = 0; round < 3; round++) {
        Future<List<Long>> puts = start(() -> put(kv, 200));
        await().until(() -> kv.get("key") != null);
        Sample.breakNetwork(proxy, fault);
        if (fault.startsWith("silence")) {
          await().pollDelay(Duration.ofMillis(300)).until(() -> true);
          proxy.speak();
        }
        long first = round * 200 + 1;
        assertThat(get(puts)).isEqualTo(LongStream.range(first, first + 200).boxed().toList());
      }
      assertThat(lastRevision(direct)).isEqualTo(600);
    }
  }

  private static List<Long> put(IdempotentKeyValue kv, int count) throws Exception {
    List<Long> revisions = new CopyOnWriteArrayList<>();
    for (int n = 0; n < count; n++) {
      revisions.add(kv.put("key", bytes("" + n)));
    }
    return revisions;
  }

  /** Two writers, one counter and one key each, five crashes: exact. */
  @Test
  void noWriteIsLostOrDoubledWhenTheServerIsKilled() throws Exception {
    int puts = 1500;
    int additions = 600;
    try (Connection one = connect(server.url());
        Connection two = connect(server.url())) {
      createBucket(one, 64);
      List<Future<Void>> writers =
          List.of(one, two).stream()
              .flatMap(
                  connection ->
                      List.of(
                          start(() -> add(connection, additions)),
                          start(
                              () -> {
                                IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
                                String key = connection == one ? "one" : "two";
                                for (int n = 0; n < puts; n++) {
                                  kv.put(key, bytes("" + n));
                                }
                                return (Void) null;
                              }))
                          .stream())
              .toList();
      int all = 2 * (puts + additions);
      for (int kill = 1; kill <= 5; kill++) {
        long due = kill * all / 7;
        await()
            .pollInterval(Duration.ofMillis(20))
            .ignoreExceptions()
            .until(() -> lastRevision(one) > due);
        server.kill();
        server.start();
      }
      for (Future<Void> writer : writers) {
        get(writer);
      }
      IdempotentKeyValue kv = new IdempotentKeyValue(one, BUCKET);
      assertThat(kv.get("counter").getValueAsLong()).isEqualTo(2 * additions);
      assertThat(kv.get("one").getValueAsLong()).isEqualTo(puts - 1);
      assertThat(kv.get("two").getValueAsLong()).isEqualTo(puts - 1);
      assertThat(lastRevision(one)).isEqualTo(all);
    }
  }

  private static Void add(Connection connection, int additions) throws Exception {
    IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
    for (int n = 0; n < additions; ) {
      KeyValueEntry entry = kv.get("counter");
      try {
        if (entry == null) {
          kv.create("counter", bytes("1"), null);
        } else {
          kv.update("counter", bytes("" + (entry.getValueAsLong() + 1)), entry.getRevision(), null);
        }
        n++;
      } catch (JetStreamApiException e) {
        if (!JetStreamErrors.isWrongRevision(e)) {
          throw e;
        }
      }
    }
    return null;
  }

  @Tag("more")
  @Test
  void itOutlivesAPausedAndARestartedServer() throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 64);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      Future<List<Long>> puts = start(() -> put(kv, 3000));
      await().until(() -> kv.get("key") != null);
      server.pause();
      await().pollDelay(Duration.ofSeconds(3)).until(() -> true);
      server.resume();
      server.restart();
      assertThat(get(puts)).isEqualTo(LongStream.rangeClosed(1, 3000).boxed().toList());
    }
  }

  @Test
  void theBucketIsGone() throws Exception {
    try (Connection connection = connect(server.url())) {
      assertThatThrownBy(() -> new IdempotentKeyValue(connection, BUCKET))
          .matches(JetStreamErrors::isStreamNotFound);
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      kv.put("key", bytes("1"));
      connection.keyValueManagement().delete(BUCKET);
      assertThatThrownBy(() -> kv.put("key", bytes("2")))
          .matches(JetStreamErrors::isStreamNotFound);
      assertThatThrownBy(() -> kv.get("key")).matches(JetStreamErrors::isStreamNotFound);

      createBucket(connection, 1); // a new one of this name is written to
      assertThat(kv.put("key", bytes("3"))).isEqualTo(1);
    }
  }

  @Test
  void aRestartWithEmptyStorage() throws Exception {
    try (Connection connection = connect(server.url())) {
      connection
          .keyValueManagement()
          .create(
              KeyValueConfiguration.builder(BUCKET)
                  .storageType(io.nats.client.api.StorageType.Memory)
                  .build());
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      Future<List<Long>> puts = start(() -> put(kv, Integer.MAX_VALUE));
      await().until(() -> kv.get("key") != null);
      server.restart();
      assertThatThrownBy(() -> get(puts)).cause().matches(JetStreamErrors::isStreamNotFound);
    }
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void closeEndsEveryWait(boolean killed) throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      if (killed) {
        server.kill();
        await().until(() -> connection.getStatus() != Connection.Status.CONNECTED);
      } else {
        server.pause();
      }
      List<Future<?>> waits =
          List.of(start(() -> kv.put("key", bytes("x"))), start(() -> kv.get("key")));
      await().pollDelay(Duration.ofMillis(300)).until(() -> true);
      assertThat(waits).noneMatch(Future::isDone);
      long start = System.nanoTime();
      kv.close();
      for (Future<?> wait : waits) {
        assertThatThrownBy(() -> get(wait)).hasCauseInstanceOf(CancellationException.class);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
      assertThatThrownBy(() -> kv.put("key", bytes("y"))).isInstanceOf(CancellationException.class);
      if (killed) {
        server.start();
      } else {
        server.resume();
      }
    }
  }

  @Test
  void anAnswerThatIsOnItsWayIsTakenWhenItIsClosed() throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection connection = connect(proxy.url())) {
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      proxy.silenceServer();
      Future<Long> put = start(() -> kv.put("key", bytes("x")));
      await().pollDelay(Duration.ofMillis(200)).until(() -> true);
      kv.close();
      proxy.speak();
      assertThat(get(put)).isEqualTo(1);
    }
  }

  @Test
  void anInterruptEndsTheWait() throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      server.kill();
      CompletableFuture<Void> ended = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                try {
                  kv.put("key", bytes("x"));
                } catch (InterruptedException e) {
                  ended.complete(null);
                } catch (Exception e) {
                  ended.completeExceptionally(e);
                }
              });
      thread.start();
      await().pollDelay(Duration.ofMillis(300)).until(() -> true);
      thread.interrupt();
      ended.get(SOON.toMillis(), TimeUnit.MILLISECONDS);
      server.start();
    }
  }

  @Test
  void aMirrorIsRefused() throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 1);
      connection
          .keyValueManagement()
          .create(
              KeyValueConfiguration.builder("copy")
                  .mirror(Mirror.builder().name(BUCKET).build())
                  .build());
      assertThatThrownBy(() -> new IdempotentKeyValue(connection, "copy"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Bucket \"copy\" is a mirror of bucket \"bucket\": write to that one");
    }
  }

  @Tag("soak")
  @Test
  void aPermissionIsMissing() throws Exception {
    String users =
        """

        authorization { users: [
          { user: all, password: x },
          { user: blind, password: x, permissions: { publish: ["$KV.bucket.mine"], subscribe: ["_INBOX.>"] } },
          { user: narrow, password: x, permissions: {
              publish: ["$KV.bucket.mine", "$JS.API.STREAM.INFO.KV_bucket"], subscribe: ["_INBOX.>"] } },
          { user: deaf, password: x, permissions: { publish: [">"], subscribe: ["none"] } }
        ] }
        """;
    ServerConfig config = new ServerConfig("narrow", ServerConfig.profile("open").text() + users);
    try (RunningServer narrow = TestServer.start(config)) {
      String url = narrow.url().replace("nats://", "nats://%s:x@");
      try (Connection all = connect(url.formatted("all"))) {
        createBucket(all, 1);
      }
      try (Connection blind = connect(url.formatted("blind"))) {
        assertThatThrownBy(() -> new IdempotentKeyValue(blind, BUCKET))
            .isInstanceOf(NotPermittedException.class)
            .hasMessageContaining("$JS.API.STREAM.INFO.KV_bucket");
      }
      try (Connection deaf = connect(url.formatted("deaf"))) {
        assertThatThrownBy(() -> new IdempotentKeyValue(deaf, BUCKET))
            .isInstanceOf(NotPermittedException.class)
            .hasMessageContaining("_INBOX");
      }
      try (Connection connection = connect(url.formatted("narrow"))) {
        IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
        assertThat(kv.put("mine", bytes("1"))).isEqualTo(1);
        assertThatThrownBy(() -> kv.put("other", bytes("1")))
            .isInstanceOf(NotPermittedException.class)
            .hasMessageContaining("$KV.bucket.other");
        assertThatThrownBy(() -> kv.get("mine"))
            .isInstanceOf(NotPermittedException.class)
            .hasMessageContaining("$JS.API.STREAM.MSG.GET.KV_bucket");
      }
    }
  }

  /** What somebody else on the connection may not do is not our failure. */
  @Tag("more")
  @Test
  void aViolationOfAnotherSubjectIsNotOurs() throws Exception {
    String users =
        """

        authorization { users: [ { user: a, password: x, permissions: {
          publish: ["$KV.>", "$JS.API.>"], subscribe: ["_INBOX.>"] } } ] }
        """;
    ServerConfig config = new ServerConfig("narrow", ServerConfig.profile("open").text() + users);
    try (RunningServer narrow = TestServer.start(config);
        Proxy proxy = new Proxy(narrow.port());
        Connection connection = connect(proxy.url().replace("nats://", "nats://a:x@"))) {
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      proxy.silenceServer();
      Future<Long> put = start(() -> kv.put("key", bytes("x")));
      connection.publish("forbidden", null);
      connection.flushBuffer();
      await().pollDelay(Duration.ofMillis(100)).until(() -> true);
      String before = connection.getLastError();
      // The violation comes through, the answer does not: so the connection is cut in between.
      proxy.cut();
      proxy.speak();
      connection.publish("forbidden", null);
      await()
          .until(
              () -> {
                connection.publish("forbidden", null);
                return connection.getLastError() != before && connection.getLastError() != null;
              });
      assertThat(get(put)).isEqualTo(1);
    }
  }

  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final RetryListener listener =
      new RetryListener() {
        @Override
        public void noAnswer(String reason) {
          heard.add("no answer: " + reason);
        }

        @Override
        public void answered(Duration silence) {
          heard.add("answered");
        }
      };

  /** What is published to the key arrives at another subject. */
  private static ServerConfig mapped(String subject) {
    String mapping = "\nmappings { \"$KV.bucket.key\": \"" + subject + "\" }\n";
    return new ServerConfig("mapped", ServerConfig.profile("open").text() + mapping);
  }

  @Tag("soak")
  @Test
  void aLongWaitIsReportedOnce() throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET, listener);
      // As with a full disk, the server is there and only writes have no answer.
      server.reload(mapped("nowhere"));
      long start = System.nanoTime();
      Future<Long> put = start(() -> kv.put("key", bytes("x")));
      await().until(() -> !heard.isEmpty());
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      await().pollDelay(Duration.ofSeconds(1)).until(() -> true);
      server.reload(mapped("$KV.bucket.key"));
      assertThat(get(put)).isEqualTo(1);
      assertThat(heard.get(0)).contains("503");
      assertThat(heard).hasSize(2).last().isEqualTo("answered");
    }
  }

  @Tag("soak")
  @Test
  void nobodyIsCalledAfterClose() throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection connection = connect(proxy.url())) {
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET, listener);
      server.reload(mapped("nowhere"));
      Future<Long> put = start(() -> kv.put("key", bytes("x")));
      await().until(() -> !heard.isEmpty());
      proxy.silenceServer();
      server.reload(mapped("$KV.bucket.key"));
      await().pollDelay(Duration.ofMillis(300)).until(() -> true); // it has asked again
      kv.close();
      proxy.speak();
      assertThat(get(put)).isEqualTo(1); // the answer comes in time, but nobody wants to hear it
      assertThat(heard).hasSize(1);
    }
  }

  /** Nobody would ever answer, although there is the bucket. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aKeyThatTheStreamDoesNotTake(boolean fromTheStart) throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 1);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      if (!fromTheStart) {
        assertThat(kv.put("key", bytes("x"))).isEqualTo(1);
      }
      JetStreamManagement management = connection.jetStreamManagement();
      StreamConfiguration now = management.getStreamInfo("KV_" + BUCKET).getConfiguration();
      management.updateStream(
          StreamConfiguration.builder(now).subjects("other", "$KV.bucket.room.>").build());
      Future<Long> put = start(() -> kv.put("key", bytes("y")));
      assertThatThrownBy(() -> put.get(5, TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Bucket \"bucket\" does not take key \"key\": its stream has other subjects");
      assertThat(kv.put("room.1", bytes("z"))).isPositive();
    }
  }

  @Test
  void theMessageIdIsOfThisRun() throws Exception {
    try (Connection connection = connect(server.url())) {
      createBucket(connection, 5);
      IdempotentKeyValue kv = new IdempotentKeyValue(connection, BUCKET);
      List<String> ids =
          IntStream.range(0, 3)
              .mapToObj(
                  n -> {
                    try {
                      kv.put("key", bytes("x"));
                      MessageInfo newest = kv.newest("key");
                      return newest.getHeaders().getFirst("Nats-Msg-Id");
                    } catch (Exception e) {
                      throw new CompletionException(e);
                    }
                  })
              .toList();
      assertThat(ids).doesNotHaveDuplicates().allMatch(id -> id.matches("[0-9A-Za-z]{22}-\\d+"));
    }
  }
}
