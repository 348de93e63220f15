package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.Proxy;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.StorageType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers, networks, streams and consumers that go: the consumer goes on, and misses nothing. */
class ResumingConsumerIT {
  private static final Duration SOON = Duration.ofSeconds(2);

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private Connection connection;
  private Reader reader;

  @BeforeEach
  void connect() throws Exception {
    connection = Sample.connect(server.url());
    Sample.addStream(server, Sample.stream());
  }

  @AfterEach
  void close() throws Exception {
    if (reader != null) {
      reader.consumer.close();
    }
    connection.close();
    Sample.clear(server);
  }

  private Reader start(String kind) throws Exception {
    reader = kind.equals("ordered") ? Reader.ordered(connection) : Reader.durable(connection);
    return reader.start();
  }

  private void reads(int from, int end) throws Exception {
    Sample.publish(server, from, end);
    awaitNumber(end - 1, Duration.ofSeconds(20));
  }

  private void awaitNumber(int number, Duration limit) {
    await().atMost(limit).until(() -> reader.has(number));
  }

  private void awaitHeard(String text) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> reader.heard.stream().anyMatch(line -> line.contains(text)));
  }

  private void hasAll(int end) {
    assertThat(reader.numbers).containsExactlyElementsOf(IntStream.range(0, end).boxed().toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"durable", "ordered"})
  void backAtOnceAfterAKill(String kind) throws Exception {
    start(kind);
    reads(0, 700);
    server.kill();
    server.start();
    long up = System.nanoTime();
    Sample.publish(server, 700, 701);
    awaitNumber(700, SOON);
    assertThat(Duration.ofNanos(System.nanoTime() - up)).isLessThan(SOON);
    reads(701, 1400);
    hasAll(1400);
    assertThat(reader.heard).filteredOn("consuming"::equals).hasSize(2);
  }

  @Tag("more")
  @Test
  void aStreamWhoseConsumersMayNotRestLong() throws Exception {
    Sample.limitInactivity(connection, Sample.STREAM);
    start("ordered");
    reads(0, 10);
    hasAll(10);
  }

  /** The server writes acks down some time after it has got them, so it dies while they come. */
  @Tag("soak")
  @Test
  void whatAKilledServerForgotIsNotHandledTwice() throws Exception {
    reader = new Reader(connection, shortWait());
    reader.consumer.consume(
        100, // so few that they are handled within the ack wait
        () -> Long.MAX_VALUE,
        message -> {
          LockSupport.parkNanos(1_000_000);
          reader.handle(message);
        });
    int end = 0;
    for (int round = 0; round < 20 && !reader.heard.contains("acked again"); round++) {
      Sample.publish(server, end, end + 1000);
      awaitNumber(end + 100, Duration.ofSeconds(20));
      server.kill();
      server.start();
      end += 1000;
      awaitNumber(end - 1, Duration.ofSeconds(20));
      awaitAllAcked();
    }
    assertThat(reader.heard).contains("acked again");
    hasAll(end);
  }

  /** Else the server would owe nothing until the ack wait of what we have handled is over. */
  @Test
  void whatAKilledServerForgotDoesNotBlockTheConsumer() throws Exception {
    reader =
        new Reader(
            connection,
            ConsumerConfiguration.builder()
                .durable("reader")
                .ackPolicy(AckPolicy.Explicit)
                .maxAckPending(1)
                .build());
    Sample.publish(server, 0, 2000);
    reader.consumer.consume(
        message -> {
          LockSupport.parkNanos(1_000_000);
          reader.handle(message);
        });
    for (int number : new int[] {300, 800, 1300}) {
      awaitNumber(number, Duration.ofSeconds(20));
      server.kill();
      server.start();
    }
    awaitNumber(1999, Duration.ofSeconds(20));
    awaitAllAcked();
    hasAll(2000);
  }

  /** Somebody wants everything processed again, which only newer servers can do. */
  @Tag("more")
  @Test
  void theConsumerIsResetAfterAReconnect() throws Exception {
    start("durable");
    reads(0, 10);
    server.restart();
    reads(10, 20);
    Message answer =
        connection.request(
            "$JS.API.CONSUMER.RESET." + Sample.STREAM + ".reader",
            "{\"seq\":1}".getBytes(StandardCharsets.UTF_8),
            SOON);
    if (answer == null) { // that subject is nobody's
      assertThat(connection.getServerInfo().isOlderThanVersion("2.15.0")).isTrue();
      return;
    }
    await().until(() -> reader.numbers.size() == 40);
    assertThat(reader.numbers.subList(20, 40)).isEqualTo(reader.numbers.subList(0, 20));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nak", "no ack", "consumer created again"})
  void whatIsStillToBeDoneComesAgain(String why) throws Exception {
    reader = new Reader(connection, shortWait());
    AtomicBoolean first = new AtomicBoolean(true);
    reader.consumer.consume(
        message -> {
          if (!first.get() || why.startsWith("consumer")) {
            reader.handle(message);
          } else if (why.equals("nak")) {
            message.nakWithDelay(Duration.ofSeconds(1));
          }
        });
    Sample.publish(server, 0, 10);
    await()
        .ignoreExceptions() // there is no consumer yet
        .until(() -> why.startsWith("consumer") ? reader.has(9) : pending() == 10);
    first.set(false);
    if (why.startsWith("consumer")) {
      connection.jetStreamManagement().deleteConsumer(Sample.STREAM, "reader");
      connection.jetStreamManagement().createConsumer(Sample.STREAM, shortWait());
      await().until(() -> reader.numbers.size() == 20);
    }
    server.kill();
    server.start();
    awaitAllAcked();
    reads(10, 11);
    List<Integer> all = IntStream.range(0, 11).boxed().toList();
    assertThat(reader.numbers).containsAll(all);
    // A killed nats-server 2.9 takes a consumer that was created again for another one.
    if (connection.getServerInfo().isSameOrNewerThanVersion("2.10.0")) {
      assertThat(reader.numbers).hasSize(why.startsWith("consumer") ? 21 : 11);
    }
  }

  private static ConsumerConfiguration shortWait() {
    return ConsumerConfiguration.builder()
        .durable("reader")
        .ackPolicy(AckPolicy.Explicit)
        .ackWait(Duration.ofSeconds(1))
        .build();
  }

  private long pending() throws Exception {
    return connection
        .jetStreamManagement()
        .getConsumerInfo(Sample.STREAM, "reader")
        .getNumAckPending();
  }

  private void awaitAllAcked() {
    await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> pending() == 0);
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {"durable", "ordered"})
  void aPauseIsReportedOnceAndOver(String kind) throws Exception {
    start(kind);
    reads(0, 10);
    server.pause();
    awaitHeard("retrying");
    server.resume();
    awaitHeard("resumed after ");
    reads(10, 20);
    hasAll(20);
    assertThat(reader.heard).filteredOn(line -> line.startsWith("retrying")).hasSize(1);
    assertThat(connection.getStatistics().getReconnects()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"durable", "ordered"})
  void restartWithEmptyStorage(String kind) throws Exception {
    connection.jetStreamManagement().deleteStream(Sample.STREAM);
    Sample.addStream(server, Sample.stream().storageType(StorageType.Memory));
    start(kind);
    reads(0, 5);
    server.restart();
    awaitHeard("stream gone");
    Sample.addStream(server, Sample.stream());
    reads(5, 10);
    hasAll(10);
  }

  @ParameterizedTest
  @ValueSource(strings = {"durable", "ordered"})
  void streamThatComesLateIsReplacedAndComesBack(String kind) throws Exception {
    connection.jetStreamManagement().deleteStream(Sample.STREAM);
    start(kind);
    awaitHeard("no stream");
    Sample.addStream(server, Sample.stream());
    reads(0, 5);
    connection.jetStreamManagement().deleteStream(Sample.STREAM);
    Sample.addStream(server, Sample.stream());
    reads(5, 10);
    connection.jetStreamManagement().deleteStream(Sample.STREAM);
    awaitHeard("stream gone");
    Sample.addStream(server, Sample.stream());
    reads(10, 15);
    hasAll(15);
  }

  @Test
  void consumerDeletedAndBack() throws Exception {
    start("durable");
    reads(0, 5);
    var information = connection.jetStreamManagement().getConsumerInfo(Sample.STREAM, "reader");
    connection.jetStreamManagement().deleteConsumer(Sample.STREAM, "reader");
    connection
        .jetStreamManagement()
        .createConsumer(Sample.STREAM, information.getConsumerConfiguration());
    reads(5, 10);
    assertThat(reader.numbers).endsWith(5, 6, 7, 8, 9);
  }

  @Tag("more")
  @Test
  void consumerDeletedForGood() throws Exception {
    start("durable");
    reads(0, 5);
    connection.jetStreamManagement().deleteConsumer(Sample.STREAM, "reader");
    assertThatThrownBy(reader.consumer::await)
        .isInstanceOf(JetStreamApiException.class)
        .hasMessageContaining("10014");
  }

  @Test
  void orderedConsumerDeleted() throws Exception {
    start("ordered");
    reads(0, 5);
    for (String name : connection.jetStreamManagement().getConsumerNames(Sample.STREAM)) {
      connection.jetStreamManagement().deleteConsumer(Sample.STREAM, name);
    }
    reads(5, 10);
    hasAll(10);
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {"durable", "ordered"})
  void networkThatCutsAndGoesSilent(String kind) throws Exception {
    try (Proxy proxy = new Proxy(server.port())) {
      connection.close();
      connection = Sample.connect(proxy.url());
      start(kind);
      reads(0, 700);
      proxy.cut();
      reads(700, 710);
      proxy.cutTwice();
      reads(710, 720);
      proxy.silenceServer();
      awaitHeard("retrying");
      proxy.speak();
      reads(720, 730);
      proxy.silence();
      await().until(() -> reader.heard.stream().filter(l -> l.startsWith("retry")).count() == 2);
      proxy.cut();
      proxy.speak();
      reads(730, 740);
      assertThat(reader.numbers).doesNotHaveDuplicates().hasSize(740);
      if (kind.equals("ordered")) {
        assertThat(connection.jetStreamManagement().getConsumerNames(Sample.STREAM)).hasSize(1);
        reader.consumer.close();
        assertThat(connection.jetStreamManagement().getConsumerNames(Sample.STREAM)).isEmpty();
      }
    }
  }
}
