package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.resilience.AckWindow.InFlight;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Proxy;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.Subscription;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.SubjectTransform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever happens to the server: nothing is lost, nothing is stored twice, nobody waits in vain.
 */
@Timeout(180)
class IdempotentPublisherIT {
  private static final String STREAM = "s";
  private static final Duration SOON = Duration.ofSeconds(5);

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @BeforeAll
  static void beOfPatience() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(40));
  }

  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final PublishRecorder heard = new PublishRecorder();

  @AfterEach
  void closeAll() throws Exception {
    for (int i = toClose.size() - 1; i >= 0; i--) {
      toClose.get(i).close();
    }
    Sample.clear(server);
  }

  private <T extends AutoCloseable> T closing(T resource) {
    toClose.add(resource);
    return resource;
  }

  private Connection connect(String url) throws Exception {
    return closing(Sample.connect(url));
  }

  private StreamConfiguration.Builder stream() {
    return StreamConfiguration.builder().name(STREAM).subjects("foo", "bar");
  }

  private Connection withStream() throws Exception {
    Connection connection = connect(server.url());
    connection.jetStreamManagement().addStream(stream().build());
    return connection;
  }

  private IdempotentPublisher build(PublisherBuilder builder) throws Exception {
    return closing(builder.listener(heard).build());
  }

  /** Sends again soon. */
  private static PublisherBuilder impatient(Connection connection) {
    PublisherBuilder builder = IdempotentPublisher.builder(connection);
    builder.ackTimeout = Duration.ofMillis(300);
    return builder;
  }

  private static byte[] body(long n) {
    return ("#" + n).getBytes(StandardCharsets.UTF_8);
  }

  private static void send(IdempotentPublisher publisher, int messages) throws Exception {
    for (int i = 0; i < messages; i++) {
      assertThat(publisher.send("foo", body(publisher.nextNumber()))).isTrue();
    }
  }

  private List<String> inStream() throws Exception {
    return Sample.bodies(server.url(), STREAM);
  }

  private void assertEachStoredOnce(int messages) throws Exception {
    assertThat(inStream())
        .hasSize(messages)
        .containsExactlyInAnyOrderElementsOf(
            LongStream.range(0, messages).mapToObj(n -> "#" + n).toList());
    assertThat(heard.stored.stream().map(PublishListener.Stored::number).distinct())
        .hasSize(messages);
    assertThat(heard.stored).hasSize(messages);
  }

  /**
   * Sends without end while something goes wrong.
   *
   * @return how many messages were sent; each has its ack
   */
  private int sendDuring(Background.Work trouble, IdempotentPublisher publisher) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    Future<Void> sending =
        inBackground(
            () -> {
              while (!over.get()) {
                send(publisher, 100);
                LockSupport.parkNanos(1_000_000); // enough, and leaves time for others
              }
            });
    try {
      trouble.run();
    } finally {
      over.set(true);
    }
    sending.get();
    assertThat(publisher.awaitAcks()).isZero();
    return (int) publisher.nextNumber();
  }

  /** Kills the server four times, and until a kill has met messages on their way. */
  private void kill(BooleanSupplier met, Duration away) throws Exception {
    for (int kill = 0; kill < 4 || kill < 20 && !met.getAsBoolean(); kill++) {
      int before = heard.stored.size();
      await().until(() -> heard.stored.size() > before + 500);
      server.kill();
      await().pollDelay(away).until(() -> true);
      server.start();
    }
  }

  private Future<Void> inBackground(Background.Work work) {
    Future<Void> done = Background.run(work);
    closing(() -> done.cancel(true));
    return done;
  }

  private static Throwable failureOf(Future<Void> work) throws Exception {
    try {
      work.get(SOON.toMillis(), TimeUnit.MILLISECONDS);
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }

  // ---- without a fault ----

  @Test
  void publishGivesTheAckAndAnIdThatTheStreamKnows() throws Exception {
    Connection connection = withStream();
    IdempotentPublisher publisher = build(IdempotentPublisher.builder(connection).run("RUN"));
    PublishAck ack = publisher.publish("foo", body(0));
    assertThat(ack.getStream()).isEqualTo(STREAM);
    assertThat(ack.getSeqno()).isEqualTo(1);
    assertThat(publisher.publish("foo", body(1)).getSeqno()).isEqualTo(2);
    var headers = new io.nats.client.impl.Headers().put("Of", "ours");
    publisher.publish("foo", headers, body(2));
    MessageInfo message = connection.getStreamContext(STREAM).getMessage(3);
    assertThat(message.getHeaders().getFirst("Nats-Msg-Id")).isEqualTo("RUN-2");
    assertThat(message.getHeaders().getFirst("Of")).isEqualTo("ours");
    IdempotentPublisher same = build(IdempotentPublisher.builder(connection).run("RUN"));
    assertThat(same.publish("foo", body(0)).isDuplicate()).isTrue();
    assertThat(heard.stored).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1000, 4096})
  void aWindowStoresInOrder(int window) throws Exception {
    IdempotentPublisher publisher = build(IdempotentPublisher.builder(withStream()).window(window));
    send(publisher, 5000);
    assertThat(publisher.awaitAcks()).isZero();
    assertThat(inStream()).isEqualTo(LongStream.range(0, 5000).mapToObj(n -> "#" + n).toList());
    assertThat(heard.stored.stream().map(PublishListener.Stored::sequence))
        .isEqualTo(LongStream.rangeClosed(1, 5000).boxed().toList());
    assertThat(heard.again).hasValue(0);
  }

  @Test
  void severalThreadsMayPublishAtOnce() throws Exception {
    IdempotentPublisher publisher = build(IdempotentPublisher.builder(withStream()).window(10));
    List<Future<Void>> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          inBackground(
              () -> {
                for (int n = 0; n < 500; n++) {
                  publisher.send("foo", body(n));
                  publisher.publish("bar", body(n));
                }
              }));
    }
    for (Future<Void> thread : threads) {
      thread.get();
    }
    publisher.awaitAcks();
    assertThat(inStream()).hasSize(4000);
    assertThat(heard.stored).hasSize(2000);
  }

  @Test
  void aRefusalIsFinalAndIsHeard() throws Exception {
    Connection connection = connect(server.url());
    connection
        .jetStreamManagement()
        .addStream(stream().maxMessages(3).discardPolicy(DiscardPolicy.New).build());
    IdempotentPublisher publisher = build(IdempotentPublisher.builder(connection));
    send(publisher, 5);
    assertThat(publisher.awaitAcks()).isZero();
    assertThat(heard.stored).hasSize(3);
    assertThat(heard.refused).containsExactly(3L, 4L);
    assertThatThrownBy(() -> publisher.publish("foo", body(5)))
        .isInstanceOf(JetStreamApiException.class)
        .hasMessageContaining("10077");
    assertThatThrownBy(() -> publisher.send("foo", new byte[2_000_000]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("exceed server configuration");
    assertThat(heard.again).hasValue(0);
  }

  @Test
  void theWindowIsBoundedInBytes() throws Exception {
    withStream();
    try (Proxy proxy = new Proxy(server.port())) {
      PublisherBuilder builder = IdempotentPublisher.builder(connect(proxy.url()));
      builder.maxBytes = 100_000;
      IdempotentPublisher publisher = build(builder);
      proxy.silenceServer();
      AtomicInteger taken = new AtomicInteger();
      Future<Void> sending =
          inBackground(
              () -> {
                for (int i = 0; i < 50; i++) {
                  publisher.send("foo", new byte[30_000]);
                  taken.incrementAndGet();
                }
                publisher.send("foo", new byte[900_000]); // larger than the bound: goes alone
              });
      await().until(() -> taken.get() == 3);
      assertThatThrownBy(() -> sending.get(500, TimeUnit.MILLISECONDS))
          .isInstanceOf(java.util.concurrent.TimeoutException.class);
      assertThat(taken).hasValue(3);
      proxy.speak();
      sending.get();
      assertThat(publisher.awaitAcks()).isZero();
      assertThat(heard.stored).hasSize(51);
    }
  }

  @Test
  void theSecondAckOfAMessageIsNotThatOfTheNext() throws Exception {
    Connection connection = connect(server.url());
    Subscription published = connection.subscribe("foo"); // the test gives the acks
    IdempotentPublisher publisher = build(impatient(connection).window(1));
    Future<Void> sending = inBackground(() -> send(publisher, 2));
    Message first = published.nextMessage(SOON);
    Message firstAgain = published.nextMessage(SOON);
    ack(connection, first, 1);
    Message second = published.nextMessage(SOON);
    ack(connection, firstAgain, 1);
    assertThat(published.nextMessage(SOON)).as("sent again: it has no ack").isNotNull();
    ack(connection, second, 2);
    sending.get();
    assertThat(publisher.awaitAcks()).isZero();
    assertThat(heard.stored).hasSize(2);
  }

  private static void ack(Connection connection, Message message, int sequence) {
    String ack = "{\"stream\":\"s\", \"seq\":%d}".formatted(sequence);
    connection.publish(message.getReplyTo(), ack.getBytes(StandardCharsets.UTF_8));
  }

  // ---- faults ----

  @Test
  void nothingIsLostOrStoredTwiceWhenTheServerIsKilled() throws Exception {
    survivesKills(false);
  }

  @Tag("more") // until a kill has come between the message and its ack
  @Test
  void norWhenTheStreamForgetsIdsMeanwhile() throws Exception {
    survivesKills(true);
  }

  private void survivesKills(boolean readBack) throws Exception {
    Connection connection = connect(server.url());
    // Forgets ids soon: with readBack that does not matter.
    Duration duplicates = readBack ? Duration.ofMillis(100) : Duration.ofMinutes(2);
    connection.jetStreamManagement().addStream(stream().duplicateWindow(duplicates).build());
    PublisherBuilder builder = IdempotentPublisher.builder(connection);
    IdempotentPublisher publisher = build(readBack ? builder.readBack(STREAM) : builder);
    // With readBack for longer than the ids are remembered.
    Duration away = readBack ? Duration.ofMillis(150) : Duration.ZERO;
    BooleanSupplier met =
        () ->
            List.copyOf(heard.answers).stream()
                .anyMatch(a -> !readBack || !a.startsWith("0 stored"));
    assertEachStoredOnce(sendDuring(() -> kill(met, away), publisher));
    assertThat(met.getAsBoolean()).isTrue();
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void publishOneByOneSurvivesKills(boolean readBack) throws Exception {
    PublisherBuilder builder = IdempotentPublisher.builder(withStream());
    IdempotentPublisher publisher = build(readBack ? builder.readBack(STREAM) : builder);
    AtomicInteger acked = new AtomicInteger();
    Future<Void> publishing =
        inBackground(
            () -> {
              for (int n = 0; n < 3000; n++) {
                publisher.publish("foo", body(n));
                acked.incrementAndGet();
              }
            });
    for (int kill = 1; kill <= 3; kill++) {
      int at = 700 * kill;
      await().until(() -> acked.get() > at);
      server.kill();
      server.start();
    }
    publishing.get();
    assertThat(inStream()).isEqualTo(LongStream.range(0, 3000).mapToObj(n -> "#" + n).toList());
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPauseIsHeardOnceAndSurvived(boolean readBack) throws Exception {
    PublisherBuilder builder = impatient(withStream());
    IdempotentPublisher publisher = build(readBack ? builder.readBack(STREAM) : builder);
    send(publisher, 10);
    publisher.awaitAcks();
    server.pause();
    send(publisher, 10);
    await().until(() -> !heard.reasons.isEmpty());
    if (readBack) {
      Future<Void> acks = inBackground(publisher::awaitAcks);
      assertThatThrownBy(() -> acks.get(3, TimeUnit.SECONDS))
          .isInstanceOf(java.util.concurrent.TimeoutException.class);
    } else {
      await().until(() -> heard.again.get() > 1);
    }
    server.resume();
    assertThat(publisher.awaitAcks()).isZero();
    await().until(() -> heard.answers.size() == 1);
    assertThat(heard.reasons).singleElement().asString().startsWith("10: ");
    assertEachStoredOnce(20);
  }

  @Tag("soak")
  @Test
  void aStreamInMemoryIsGoneAndIsMadeAgain() throws Exception {
    Connection connection = connect(server.url());
    StreamConfiguration memory = stream().storageType(StorageType.Memory).build();
    connection.jetStreamManagement().addStream(memory);
    AtomicBoolean create = new AtomicBoolean();
    PublishRecorder creating =
        new PublishRecorder() {
          @Override
          public void sendingAgain(int messages)
              throws IOException, JetStreamApiException, InterruptedException {
            super.sendingAgain(messages);
            if (create.get()) {
              connection.jetStreamManagement().addStream(memory);
            }
          }
        };
    IdempotentPublisher publisher =
        closing(IdempotentPublisher.builder(connection).listener(creating).build());
    send(publisher, 5);
    publisher.awaitAcks();
    server.restart();
    await().until(() -> connection.getStatus() == Connection.Status.CONNECTED);
    send(publisher, 5);
    await().until(() -> !creating.reasons.isEmpty());
    assertThat(creating.reasons).singleElement().asString().contains("503");
    create.set(true);
    assertThat(publisher.awaitAcks()).isZero();
    assertThat(inStream()).containsExactly("#5", "#6", "#7", "#8", "#9");
    await().until(() -> creating.answers.size() == 1);
  }

  @Test
  void aStreamThatIsGoneEndsAPublisherThatReadsBack() throws Exception {
    Connection connection = withStream();
    IdempotentPublisher publisher = build(IdempotentPublisher.builder(connection).readBack(STREAM));
    send(publisher, 5);
    publisher.awaitAcks();
    connection.jetStreamManagement().deleteStream(STREAM);
    send(publisher, 1);
    assertThatThrownBy(publisher::awaitAcks)
        .isInstanceOf(JetStreamApiException.class)
        .hasMessageContaining("10059");
  }

  @Test
  void aStreamThatIsDeletedAndRecreatedGetsWhatHasNoAck() throws Exception {
    Connection connection = withStream();
    IdempotentPublisher publisher = build(impatient(connection).readBack(STREAM));
    send(publisher, 100);
    publisher.awaitAcks();
    connection.jetStreamManagement().deleteStream(STREAM);
    connection.jetStreamManagement().addStream(stream().build());
    server.pause();
    send(publisher, 5);
    await().until(() -> !heard.reasons.isEmpty());
    server.resume();
    assertThat(publisher.awaitAcks()).isZero();
    assertThat(inStream()).containsExactly("#100", "#101", "#102", "#103", "#104");
  }

  /** A stream may store a message under another subject than it was sent to, from 2.10 on. */
  @Tag("more")
  @Test
  void whatIsStoredUnderAnotherSubjectIsReadBack() throws Exception {
    withStream();
    Connection connection = connect(server.url());
    connection
        .jetStreamManagement()
        .updateStream(
            stream()
                .subjectTransform(
                    SubjectTransform.builder().source("foo").destination("changed").build())
                .build());
    IdempotentPublisher publisher = build(IdempotentPublisher.builder(connection).run("A"));
    send(publisher, 5);
    publisher.awaitAcks();
    InFlight third = new InFlight(3, "foo", null, body(3), false, 0);
    assertThat(StoredRun.find(connection, STREAM, "A", List.of(third)))
        .containsOnlyKeys(0L, 1L, 2L, 3L, 4L);
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {"cut", "cutTwice", "silence", "silenceServer"})
  void aNetworkThatBreaks(String fault) throws Exception {
    withStream();
    try (Proxy proxy = new Proxy(server.port())) {
      IdempotentPublisher publisher = build(IdempotentPublisher.builder(connect(proxy.url())));
      assertEachStoredOnce(sendDuring(() -> breakThrice(proxy, fault), publisher));
    }
  }

  private void breakThrice(Proxy proxy, String fault) throws Exception {
    for (int i = 0; i < 3; i++) {
      int before = heard.stored.size();
      await().until(() -> heard.stored.size() > before + 1000);
      Sample.breakNetwork(proxy, fault);
      if (fault.startsWith("silence")) {
        int again = heard.again.get();
        await().until(() -> heard.again.get() > again);
        proxy.speak();
      }
    }
  }

  @Test
  void whatIsDueAgainGoesBeforeAnythingNew() throws Exception {
    withStream();
    try (Proxy proxy = new Proxy(server.port())) {
      CountDownLatch cut = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      PublishRecorder waiting =
          new PublishRecorder() {
            @Override
            public void sendingAgain(int messages)
                throws IOException, JetStreamApiException, InterruptedException {
              super.sendingAgain(messages);
              if (again.get() == 1) {
                cut.countDown();
                goOn.await();
              }
            }
          };
      Connection connection = connect(proxy.url());
      IdempotentPublisher publisher = closing(impatient(connection).listener(waiting).build());
      proxy.silence();
      send(publisher, 5);
      cut.await();
      // While it is about to send again, the connection breaks and comes back.
      long reconnects = connection.getStatistics().getReconnects();
      proxy.cut();
      proxy.speak();
      await().until(() -> connection.getStatistics().getReconnects() > reconnects);
      send(publisher, 5);
      goOn.countDown();
      assertThat(publisher.awaitAcks()).isZero();
      assertThat(inStream()).isEqualTo(LongStream.range(0, 10).mapToObj(n -> "#" + n).toList());
    }
  }

  // ---- what ends it ----

  @Test
  void aLoginThatIsNoLongerAcceptedEndsEveryWait() throws Exception {
    IdempotentPublisher publisher = build(IdempotentPublisher.builder(withStream()).window(5));
    send(publisher, 5);
    publisher.awaitAcks();
    server.pause();
    send(publisher, 3);
    Future<Void> acks = inBackground(publisher::awaitAcks);
    Future<Void> sending = inBackground(() -> send(publisher, 100));
    server.resume();
    publisher.awaitAcks();
    server.reload(
        new ServerConfig(
            "locked", ServerConfig.profile("open").text() + "\nauthorization { token: other }\n"));
    Future<Void> publishing =
        inBackground(
            () -> {
              while (true) {
                publisher.publish("foo", body(0));
              }
            });
    Throwable failure = failureOf(publishing);
    assertThat(failure).isInstanceOf(ConnectionClosedException.class);
    assertThat(((ConnectionClosedException) failure).isLoginRefused()).isTrue();
    assertThatThrownBy(() -> publisher.send("foo", body(0)))
        .isInstanceOf(ConnectionClosedException.class);
    assertThat(acks).isDone();
    sending.cancel(true);
    server.reload(ServerConfig.profile("open"));
  }

  @Test
  void aMissingPermissionIsSaidAtOnce() throws Exception {
    withStream();
    server.reload(
        new ServerConfig(
            "narrow",
            ServerConfig.profile("open").text()
                + "\nauthorization { users = [{ user: u, password: p,"
                + " permissions: { publish: [ \"foo\" ], subscribe: [ \"_INBOX.>\" ] } }] }\n"));
    Connection connection = connect(server.url().replace("//", "//u:p@"));
    IdempotentPublisher publisher = build(IdempotentPublisher.builder(connection));
    assertThat(publisher.publish("foo", body(0)).getSeqno()).isEqualTo(1); // no more is needed
    Future<Void> publishing = inBackground(() -> publisher.publish("bar", body(1)));
    assertThat(failureOf(publishing))
        .isInstanceOf(NotPermittedException.class)
        .hasMessageContaining("Publish to \"bar\"");
    server.reload(ServerConfig.profile("open"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"publish", "send", "awaitAcks"})
  void closeAndInterruptWakeWhoWaits(String call) throws Exception {
    IdempotentPublisher publisher = build(IdempotentPublisher.builder(withStream()).window(2));
    server.pause();
    try {
      send(publisher, 1);
      Background.Work wait =
          () -> {
            switch (call) {
              case "publish" -> publisher.publish("foo", body(1));
              case "send" -> send(publisher, 2);
              default -> publisher.awaitAcks();
            }
          };
      Thread[] thread = new Thread[1];
      Future<Void> interrupted =
          inBackground(
              () -> {
                thread[0] = Thread.currentThread();
                wait.run();
              });
      await().until(() -> interrupted.isDone() || thread[0] != null && isWaiting(thread[0]));
      thread[0].interrupt();
      assertThat(failureOf(interrupted)).isInstanceOf(InterruptedException.class);

      Future<Void> closed = inBackground(publisher::awaitAcks);
      inBackground(publisher::close);
      assertThat(failureOf(closed)).isInstanceOf(IllegalStateException.class);
    } finally {
      server.resume();
    }
  }

  private static boolean isWaiting(Thread thread) {
    return thread.getState() == Thread.State.TIMED_WAITING;
  }

  @Test
  void aStopEndsTheWaitsWithoutAServer() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    IdempotentPublisher publisher =
        build(IdempotentPublisher.builder(withStream()).window(2).stopWhen(stop::get));
    server.kill();
    Future<Void> waiting = inBackground(() -> send(publisher, 2));
    waiting.get();
    stop.set(true);
    assertThat(publisher.send("foo", body(2))).isFalse();
    assertThat(publisher.awaitAcks()).isEqualTo(2);
    assertThatThrownBy(() -> publisher.publish("foo", body(2)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("may be stored or not");
    server.start();
  }

  @Test
  void noCallbackAfterClose() throws Exception {
    Set<String> late = Collections.synchronizedSet(new HashSet<>());
    for (int i = 0; i < 20; i++) {
      AtomicBoolean closed = new AtomicBoolean();
      Connection connection = i == 0 ? withStream() : connect(server.url());
      IdempotentPublisher publisher =
          closing(
              IdempotentPublisher.builder(connection)
                  .listener(
                      new PublishRecorder() {
                        @Override
                        public void stored(Stored message) {
                          super.stored(message);
                          if (closed.get()) {
                            late.add("stored " + message.number());
                          }
                        }
                      })
                  .build());
      send(publisher, 900);
      publisher.close();
      closed.set(true);
      connection.flush(SOON);
      assertThat(connection.getStatus()).isEqualTo(Connection.Status.CONNECTED);
      assertThat(connection.getStatistics().getReconnects()).isZero();
    }
    assertThat(late).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"stored", "sendingAgain", "noAnswer"})
  void anErrorOfAListenerEndsTheWait(String method) throws Exception {
    Connection connection = withStream();
    PublishRecorder failing =
        new PublishRecorder() {
          @Override
          public void stored(Stored message) {
            failIn("stored");
          }

          @Override
          public void sendingAgain(int messages) {
            failIn("sendingAgain");
          }

          @Override
          public void noAnswer(int messages, String reason) {
            failIn("noAnswer");
          }

          private void failIn(String name) {
            if (name.equals(method)) {
              throw new NoClassDefFoundError(name);
            }
          }
        };
    IdempotentPublisher publisher = closing(impatient(connection).listener(failing).build());
    boolean pause = !method.equals("stored");
    if (pause) {
      server.pause();
    }
    try {
      send(publisher, 1);
      assertThat(failureOf(inBackground(publisher::awaitAcks)))
          .isInstanceOf(NoClassDefFoundError.class);
    } finally {
      if (pause) {
        server.resume();
      }
    }
  }

  // ---- going on where another run ended ----

  @Test
  void aRunIsResumedWithoutAGapOrADouble() throws Exception {
    Connection connection = withStream();
    IdempotentPublisher first = build(IdempotentPublisher.builder(connection).run("A"));
    send(first, 50);
    first.awaitAcks();
    // Killed with a hole in what it had sent.
    var context = connection.getStreamContext(STREAM);
    connection.jetStreamManagement().deleteMessage(STREAM, 41); // #40
    StoredRun before = StoredRun.last(connection, STREAM, "foo", 100);
    assertThat(before.run()).isEqualTo("A");
    assertThat(before.firstMissing()).isEqualTo(40);
    IdempotentPublisher second =
        build(IdempotentPublisher.builder(connection).resume(before).readBack(STREAM));
    assertThat(second.nextNumber()).isEqualTo(40);
    connection.jetStreamManagement().purgeStream("s"); // also the ids are then forgotten
    assertThat(context.getStreamInfo().getStreamState().getMsgCount()).isZero();
    send(second, 12); // #40 to #51, of which #41 to #49 are known to be stored
    second.awaitAcks();
    assertThat(inStream()).containsExactly("#50", "#51"); // the server knows the id of #40
    assertThat(StoredRun.last(connection, STREAM, "nothing", 100)).isNull();
  }

  // ---- in order ----

  @Tag("soak")
  @Test
  void inOrderNothingIsLostDoubledOrOvertakenWhenTheServerIsKilled() throws Exception {
    withStream();
    IdempotentPublisher publisher =
        build(IdempotentPublisher.inOrder(Sample.options(server.url()), STREAM));
    int messages = sendDuring(() -> kill(() -> true, Duration.ZERO), publisher);
    assertThat(inStream()).isEqualTo(LongStream.range(0, messages).mapToObj(n -> "#" + n).toList());
    assertThat(heard.stored.stream().map(PublishListener.Stored::number))
        .isEqualTo(LongStream.range(0, messages).boxed().toList());
  }

  @Tag("more")
  @Test
  void inOrderAlsoWhenTheNetworkIsSilent() throws Exception {
    withStream();
    try (Proxy proxy = new Proxy(server.port())) {
      IdempotentPublisher publisher =
          build(IdempotentPublisher.inOrder(Sample.options(proxy.url()), STREAM));
      int messages =
          sendDuring(
              () -> {
                await().until(() -> heard.stored.size() > 1000);
                proxy.silence();
                await().until(() -> !heard.reasons.isEmpty());
                proxy.speak();
              },
              publisher);
      assertThat(inStream())
          .isEqualTo(LongStream.range(0, messages).mapToObj(n -> "#" + n).toList());
    }
  }
}
