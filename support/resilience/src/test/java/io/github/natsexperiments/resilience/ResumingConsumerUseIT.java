package io.github.natsexperiments.resilience;

import static io.github.natsexperiments.resilience.Background.start;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamStatusException;
import io.nats.client.Options;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the consumer promises its user, and what servers and other people's consumers allow. */
@Tag("soak")
class ResumingConsumerUseIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String NARROW =
      """
      http: 8222
      jetstream {}
      accounts {
        A {
          jetstream: enabled
          users: [
            { user: admin, password: a }
            { user: reader, password: r, permissions: {
              publish: [ %s ]
              subscribe: [ "_INBOX.>" ] } }
          ]
        }
        B { users: [ { user: nobody, password: n } ] }
      }
      """;
  private static final String NEXT = "\"$JS.API.CONSUMER.MSG.NEXT.numbers.reader\"";
  private static final String ACK = "\"$JS.ACK.numbers.reader.>\"";
  private static final String INFO = "\"$JS.API.CONSUMER.INFO.numbers.reader\"";
  private static final String STREAM = "\"$JS.API.STREAM.INFO.numbers\"";

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private Connection connection;
  private JetStreamManagement management;
  private Reader reader;

  @BeforeEach
  void connect() throws Exception {
    connection = Sample.connect(server.url());
    management = connection.jetStreamManagement();
    Sample.addStream(server, Sample.stream());
    reader = Reader.durable(connection);
  }

  @AfterEach
  void close() throws Exception {
    reader.consumer.close();
    connection.close();
    Sample.clear(server);
  }

  private static ConsumerConfiguration.Builder durable() {
    return ConsumerConfiguration.builder().durable("reader").ackPolicy(AckPolicy.Explicit);
  }

  private void awaitCount(int count) {
    await().atMost(SOON).until(() -> reader.numbers.size() >= count);
  }

  private ConsumerInfo info() throws Exception {
    return management.getConsumerInfo(Sample.STREAM, "reader");
  }

  @Test
  void takesWhatIsLeftAndNoMore() throws Exception {
    Sample.publish(server, 0, 1000);
    reader.consumer.consume(50, () -> 300 - reader.numbers.size(), reader::handle);
    awaitCount(300);
    assertThat(reader.consumer.drain(Duration.ofSeconds(5))).isTrue();
    assertThat(reader.numbers).hasSize(300);
    assertThat(info().getNumAckPending()).isZero();
    assertThat(info().getNumPending()).isEqualTo(700);
    assertThat(info().getNumWaiting()).isZero();
  }

  @Test
  void whatWasTooSlowForTheAckWaitComesAgain() throws Exception {
    Sample.publish(server, 0, 1);
    reader = new Reader(connection, durable().ackWait(Duration.ofMillis(300)).build());
    reader.consumer.consume(
        message -> {
          Thread.sleep(message.metaData().deliveredCount() == 1 ? 600 : 0);
          reader.handle(message);
        });
    awaitCount(2);
    assertThat(reader.heard).doesNotContain("acked again");
  }

  @Test
  void drainHandlesWhatHasArrivedAndHandsBackTheRest() throws Exception {
    Sample.publish(server, 0, 100);
    reader.consumer.consume(
        100,
        () -> Long.MAX_VALUE,
        message -> {
          Thread.sleep(50);
          reader.handle(message);
        });
    awaitCount(3);
    assertThat(reader.consumer.drain(Duration.ofSeconds(1))).isFalse();
    int handled = reader.numbers.size();
    assertThat(handled).isBetween(10, 40);
    Reader next = Reader.durable(connection).start();
    await().atMost(Duration.ofSeconds(5)).until(() -> next.numbers.size() == 100 - handled);
    next.consumer.close();
  }

  /** Publishes some ten thousand messages a second. */
  private Thread flood() {
    Thread publisher =
        new Thread(
            () -> {
              try (Connection other = Sample.connect(server.url())) {
                for (int number = 0; !Thread.interrupted(); number++) {
                  other.publish(Sample.SUBJECT, String.valueOf(number).getBytes());
                  if (number % 5 == 0) {
                    LockSupport.parkNanos(1_000_000);
                  }
                }
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
    publisher.start();
    return publisher;
  }

  @Test
  void drainInTheMiddleOfAFloodLeavesNothingUnacknowledged() throws Exception {
    Thread publisher = flood();
    reader.start();
    awaitCount(2000);
    assertThat(reader.consumer.drain(Duration.ofSeconds(5))).isTrue();
    publisher.interrupt();
    publisher.join();
    assertThat(info().getNumAckPending()).isZero();
    assertThat(info().getDelivered().getConsumerSequence()).isEqualTo(reader.numbers.size());
  }

  @Tag("soak")
  @Test
  void closesWhileMessagesArriveWithoutLosingTheConnection() throws Exception {
    Thread publisher = flood();
    for (int i = 0; i < 10; i++) {
      Reader each = Reader.ordered(connection).start();
      await().pollInterval(Duration.ofMillis(5)).until(() -> !each.numbers.isEmpty());
      each.consumer.close();
      int handled = each.numbers.size();
      connection.flush(Duration.ofSeconds(2)); // the interrupt has spoilt nothing
      assertThat(each.numbers).hasSize(handled);
    }
    publisher.interrupt();
    publisher.join();
    assertThat(connection.getStatistics().getReconnects()).isZero();
    assertThat(management.getConsumerNames(Sample.STREAM)).isEmpty();
  }

  @Test
  void closeInterruptsTheHandlerAndWakesTheWaiter() throws Exception {
    Sample.publish(server, 0, 5);
    CountDownLatch handling = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    reader.consumer.consume(
        message -> {
          calls.incrementAndGet();
          handling.countDown();
          Thread.sleep(60_000);
        });
    handling.await();
    Thread waiter =
        new Thread(
            () -> {
              try {
                reader.consumer.await();
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
    waiter.start();
    reader.consumer.close();
    waiter.join(5000);
    assertThat(waiter.isAlive()).isFalse();
    assertThat(calls).hasValue(1);
  }

  @Test
  void noMoreThanABatchWaitsHere() throws Exception {
    Sample.publish(server, 0, 1000);
    CountDownLatch never = new CountDownLatch(1);
    reader.consumer.consume(
        50,
        () -> Long.MAX_VALUE,
        message -> {
          reader.handle(message);
          if (reader.has(200)) {
            never.await();
          }
        });
    awaitCount(201);
    await().pollDelay(Duration.ofMillis(500)).until(() -> true);
    assertThat(info().getNumAckPending()).isLessThanOrEqualTo(50);
  }

  @Test
  void closeEndsADrainThatHasNotHandledAll() throws Exception {
    Sample.publish(server, 0, 100);
    CountDownLatch never = new CountDownLatch(1);
    reader.consumer.consume(message -> never.await());
    await().ignoreExceptions().until(() -> info().getNumAckPending() == 100);
    Future<Boolean> drained = start(() -> reader.consumer.drain(Duration.ofSeconds(30)));
    await().pollDelay(Duration.ofMillis(200)).until(() -> !drained.isDone());
    reader.consumer.close();
    assertThat(drained.get(2, TimeUnit.SECONDS)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void closeDoesNotWaitForAPausedServer(boolean ordered) throws Exception {
    Sample.publish(server, 0, 1);
    reader = ordered ? Reader.ordered(connection) : reader;
    reader.start();
    awaitCount(1);
    server.pause();
    long start = System.nanoTime();
    reader.consumer.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
    server.resume();
  }

  @Test
  void theHandlersErrorReachesTheWaiter() throws Exception {
    Sample.publish(server, 0, 1);
    reader.consumer.consume(
        message -> {
          throw new NoClassDefFoundError("gone");
        });
    assertThatThrownBy(reader.consumer::await).hasCauseInstanceOf(NoClassDefFoundError.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"batch", "expires", "bytes", "few bytes", "waiting"})
  void asksForWhatTheConsumerAllows(String limit) throws Exception {
    ConsumerConfiguration.Builder limited = durable();
    switch (limit) {
      case "batch" -> limited.maxBatch(100);
      case "expires" -> limited.maxExpires(Duration.ofSeconds(4));
      case "bytes" -> limited.maxBytes(5000);
      case "few bytes" -> limited.maxBytes(300);
      default -> limited.maxPullWaiting(1);
    }
    management.createConsumer(Sample.STREAM, limited.build());
    int count =
        limit.startsWith("few") ? 10 : 700; // the server does not say that it was just enough
    Sample.publish(server, 0, count);
    reader.start();
    awaitCount(count);
    assertThat(reader.numbers)
        .containsExactlyElementsOf(IntStream.range(0, count).boxed().toList());
  }

  @Test
  void asksForWhatTheServerAllows() throws Exception {
    ServerConfig small =
        new ServerConfig("small", "http: 8222\njetstream { limits { max_request_batch: 100 } }\n");
    try (RunningServer strict = TestServer.start(small);
        Connection other = Sample.connect(strict.url())) {
      Sample.addStream(strict, Sample.stream());
      Sample.publish(strict, 0, 300);
      Reader one = Reader.durable(other).start();
      await().atMost(SOON).until(() -> one.numbers.size() == 300);
      one.consumer.close();
    }
  }

  @Test
  void aPushConsumerOrOneWithGroupsIsRefused() throws Exception {
    management.createConsumer(Sample.STREAM, durable().deliverSubject("elsewhere").build());
    reader.start();
    assertThatThrownBy(reader.consumer::await)
        .isInstanceOf(JetStreamStatusException.class)
        .hasMessageContaining("push based");
  }

  @Test
  void aConsumerThatIsThereStaysAsItIs() throws Exception {
    ConsumerConfiguration theirs =
        durable()
            .filterSubject(Sample.SUBJECT)
            .maxAckPending(1)
            .maxDeliver(5)
            .ackWait(Duration.ofSeconds(7))
            .metadata(java.util.Map.of("owner", "somebody"))
            .build();
    ConsumerInfo before = management.createConsumer(Sample.STREAM, theirs);
    Sample.publish(server, 0, 20);
    reader.start();
    awaitCount(20);
    assertThat(info().getConsumerConfiguration().toJson())
        .isEqualTo(before.getConsumerConfiguration().toJson());
    assertThat(reader.heard).contains("found").doesNotContain("created");
  }

  private static RunningServer narrow(String... permissions) throws Exception {
    RunningServer narrow =
        TestServer.start(
            new ServerConfig("narrow", NARROW.formatted(String.join(", ", permissions))));
    try (Connection admin = login(narrow, "admin", "a")) {
      admin.jetStreamManagement().addStream(Sample.stream().build());
      admin.jetStreamManagement().createConsumer(Sample.STREAM, durable().build());
      for (int number = 0; number < 10; number++) {
        admin.jetStream().publish(Sample.SUBJECT, String.valueOf(number).getBytes());
      }
    }
    return narrow;
  }

  private static Connection login(RunningServer server, String user, String password)
      throws Exception {
    return Sample.connect(
        Options.builder()
            .server(server.url())
            .userInfo(user.toCharArray(), password.toCharArray()));
  }

  @Test
  void readsWithTheFewestPermissions() throws Exception {
    try (RunningServer narrow = narrow(NEXT, ACK, INFO, STREAM);
        Connection user = login(narrow, "reader", "r")) {
      Reader one = Reader.durable(user).start();
      await().atMost(SOON).until(() -> one.numbers.size() == 10);
      assertThat(one.heard).containsExactly("stream", "found", "consuming");
      one.consumer.close();
    }
  }

  @Test
  void readsWhatItMayNotLookAt() throws Exception {
    try (RunningServer narrow = narrow(NEXT, ACK);
        Connection user = login(narrow, "reader", "r");
        Connection admin = login(narrow, "admin", "a")) {
      Reader one = Reader.durable(user).start();
      await().atMost(SOON).until(() -> one.numbers.size() == 10);
      assertThat(one.heard)
          .hasSize(3)
          .first()
          .asString()
          .contains("cannot look: ", "$JS.API.STREAM.INFO.numbers");
      narrow.restart();
      await().atMost(SOON).until(() -> one.heard.size() == 4);
      admin.jetStream().publish(Sample.SUBJECT, "10".getBytes());
      await().atMost(SOON).until(() -> one.has(10));
      assertThat(one.heard).filteredOn(line -> line.startsWith("cannot")).hasSize(2);
      assertThat(admin.jetStreamManagement().getConsumerNames(Sample.STREAM)).hasSize(1);
      one.consumer.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"NEXT", "ACK", "CREATE"})
  void theMissingPermissionEndsIt(String missing) throws Exception {
    String[] permissions =
        switch (missing) {
          case "NEXT" -> new String[] {ACK, INFO, STREAM};
          case "ACK" -> new String[] {NEXT, INFO, STREAM};
          default -> new String[] {NEXT.replace("reader", "*"), INFO.replace("reader", "*"), ACK};
        };
    try (RunningServer narrow = narrow(permissions);
        Connection user = login(narrow, "reader", "r")) {
      Reader one =
          new Reader(
              user,
              missing.equals("CREATE")
                  ? ConsumerConfiguration.builder().durable("other").build()
                  : durable().build());
      one.start();
      assertThatThrownBy(one.consumer::await)
          .isInstanceOf(NotPermittedException.class)
          .hasMessageContaining(missing);
    }
  }

  @Test
  void whatNobodyAnswersAndNobodyMayAskFor() throws Exception {
    try (RunningServer narrow = narrow(NEXT.replace("reader", "*"), ACK);
        Connection user = login(narrow, "reader", "r")) {
      Reader one = new Reader(user, ConsumerConfiguration.builder().durable("other").build());
      one.start();
      if (user.getServerInfo().isSameOrNewerThanVersion("2.10.0")) {
        assertThatThrownBy(one.consumer::await)
            .isInstanceOf(NotPermittedException.class)
            .hasMessageContaining("CONSUMER.INFO.numbers.other");
      } else { // 2.9 does not say that nobody answers: there may be a consumer without messages
        await()
            .atMost(SOON)
            .until(() -> one.heard.toString().contains("CONSUMER.INFO.numbers.other"));
        one.consumer.close();
      }
    }
  }

  @Test
  void anAccountWithoutJetStream() throws Exception {
    try (RunningServer narrow = narrow(NEXT);
        Connection user = login(narrow, "nobody", "n")) {
      Reader one = Reader.durable(user).start();
      assertThatThrownBy(one.consumer::await).hasMessageContaining("JetStream");
      one.consumer.close();
    }
  }
}
