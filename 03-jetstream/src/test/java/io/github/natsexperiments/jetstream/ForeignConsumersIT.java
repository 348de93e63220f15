package io.github.natsexperiments.jetstream;

import static io.github.natsexperiments.testkit.Pair.numbers;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.upTo;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.Mirror;
import io.nats.client.api.Source;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Streams, consumers and rights that somebody else has made: they are read, or refused at once. */
@Tag("soak")
class ForeignConsumersIT {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private JetStreamView view;

  @BeforeEach
  void publish() throws Exception {
    view = new JetStreamView(server);
    assertThat(publisher(server, "-n", 20, "-i", 0, "-q").start().waitForExit()).isZero();
  }

  @AfterEach
  void removeStreams() throws Exception {
    for (String stream : view.management.getStreamNames()) {
      view.management.deleteStream(stream);
    }
    view.close();
  }

  private static void readsAll(Object... args) {
    RunningProgram subscriber = subscriber(server, "-n", 20, "-t", "20s").args(args).start();
    assertThat(subscriber.waitForExit(Duration.ofSeconds(60))).isZero();
    assertThat(numbers(subscriber)).isEqualTo(upTo(20));
  }

  private static void refused(int exitCode, String text, Object... args) {
    RunningProgram subscriber = subscriber(server).args(args).start();
    assertThat(subscriber.waitForExit(Duration.ofSeconds(60))).isEqualTo(exitCode);
    assertThat(subscriber.stderrLines())
        .filteredOn(line -> line.startsWith("ERROR "))
        .singleElement()
        .asString()
        .contains(text);
  }

  private static ConsumerConfiguration.Builder durable() {
    return ConsumerConfiguration.builder()
        .durable(JetStreamView.DURABLE)
        .ackPolicy(AckPolicy.Explicit);
  }

  private void create(ConsumerConfiguration.Builder consumer) throws Exception {
    view.management.createConsumer(JetStreamView.STREAM, consumer.build());
  }

  @Test
  void aMirrorAndAStreamWithSources() throws Exception {
    view.management.addStream(
        StreamConfiguration.builder()
            .name("mirror")
            .mirror(Mirror.builder().sourceName(JetStreamView.STREAM).build())
            .build());
    view.management.addStream(
        StreamConfiguration.builder()
            .name("sourced")
            .subjects("other")
            .addSource(Source.builder().sourceName(JetStreamView.STREAM).build())
            .build());
    readsAll("--stream", "mirror");
    readsAll("--stream", "sourced", "--ordered");
  }

  @Test
  void aDurableWithoutAFilter() throws Exception {
    create(durable());
    readsAll();
    view.management.updateStream(
        StreamConfiguration.builder(view.stream().getConfiguration()).addSubjects("bar").build());
    refused(1, "Consumer \"sample_durable\" reads every subject of its stream, not \"foo\"");
  }

  @Test
  void aDurableThatGivesLittleAtATime() throws Exception {
    create(durable().maxBatch(3).maxExpires(Duration.ofSeconds(2)));
    readsAll();
  }

  /** The server takes the first of these times for the ack wait. */
  @Test
  void aDurableWithABackoff() throws Exception {
    create(durable().backoff(Duration.ofSeconds(3), Duration.ofSeconds(9)).maxDeliver(3));
    RunningProgram subscriber = subscriber(server, "-n", 20, "--ack-wait", "7s").start();
    assertThat(subscriber.waitForExit()).isZero();
    subscriber.waitForStderr("WARN --ack-wait changes nothing: the consumer has a backoff");
  }

  @ParameterizedTest
  @EnumSource(names = {"None", "All"})
  void aDurableThatWantsNoAckForEachMessage(AckPolicy policy) throws Exception {
    create(durable().ackPolicy(policy));
    refused(1, "Consumer \"sample_durable\" has the ack policy " + policy);
  }

  @Test
  void anotherDurableInThePlaceOfTheOneThatIsRead() throws Exception {
    view.management.updateStream(
        StreamConfiguration.builder(view.stream().getConfiguration()).addSubjects("bar").build());
    RunningProgram subscriber = subscriber(server).start();
    subscriber.waitForStdout("Hello #19 ");
    view.management.deleteConsumer(JetStreamView.STREAM, JetStreamView.DURABLE);
    create(durable().filterSubject("bar"));
    assertThat(subscriber.waitForExit()).isEqualTo(1);
    subscriber.waitForStderr(
        "ERROR Consumer \"sample_durable\" reads subject \"bar\", not \"foo\"");
  }

  @Test
  void aPushConsumer() throws Exception {
    create(durable().deliverSubject("elsewhere"));
    refused(1, "409 Consumer is push based");
  }

  @Test
  void largeMessagesInASmallHeap() {
    assertThat(
            publisher(server, "-n", 680, "-i", 0, "-q", "--size", 200_000, "--subject", "foo")
                .start()
                .waitForExit(Duration.ofSeconds(120)))
        .isZero();
    RunningProgram subscriber =
        subscriber(server, "-n", 700, "-q", "-t", "60s").jvmArgs("-Xmx64m").start();
    assertThat(subscriber.waitForExit(Duration.ofSeconds(120))).isZero();
    assertThat(subscriber.stderrLines()).noneMatch(line -> line.contains("Disconnected"));
  }

  @Test
  void aPermissionThatIsMissing() throws Exception {
    String config =
        """
        http: 8222
        jetstream {}
        authorization {
          users: [
            { user: admin, password: a }
            { user: reader, password: r, permissions: {
              publish: [ "$JS.API.STREAM.INFO.sample_stream",
                         "$JS.API.CONSUMER.INFO.sample_stream.sample_durable" ]
              subscribe: [ "_INBOX.>" ] } }
          ]
        }
        """;
    try (RunningServer narrow = TestServer.start(new ServerConfig("narrow", config));
        Connection admin = Nats.connect("nats://admin:a@localhost:" + narrow.port())) {
      admin
          .jetStreamManagement()
          .addStream(
              StreamConfiguration.builder().name(JetStreamView.STREAM).subjects("foo").build());
      String url = "nats://reader:r@localhost:" + narrow.port();
      refused(4, "CONSUMER.CREATE.sample_stream.sample_durable", "-s", url);
      admin.jetStreamManagement().createConsumer(JetStreamView.STREAM, durable().build());
      refused(4, "CONSUMER.MSG.NEXT.sample_stream.sample_durable", "-s", url);
    }
  }
}
