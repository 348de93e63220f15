package io.github.natsexperiments.callbacks;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A consumer that somebody else has made is read as it is, or refused: never changed. */
class ForeignConsumerIT {
  @RegisterExtension final TestServer server = TestServer.profile("open");

  /** What was not handled would be lost. */
  @Tag("more")
  @Test
  void aConsumerThatWantsNoAcks() throws Exception {
    assertThat(publisher(server, "-n", 3, "-i", 0, "-q").start().waitForExit()).isZero();
    try (Connection connection = Pair.connect(server)) {
      connection
          .jetStreamManagement()
          .createConsumer(
              "sample_stream",
              ConsumerConfiguration.builder().durable("silent").ackPolicy(AckPolicy.None).build());
      RunningProgram program = subscriber(server, "--durable", "silent").start();
      assertThat(program.waitForExit()).isEqualTo(1);
      program.waitForStderr("ERROR Consumer \"silent\" has the ack policy none");
      assertThat(program.stdoutLines()).isEmpty();
    }
  }

  /** jnats does not know its ack policy, which newer servers have, and takes it for explicit. */
  @Tag("more")
  @Test
  void aConsumerWithoutAnAckWait() throws Exception {
    assertThat(publisher(server, "-n", 3, "-i", 0, "-q").start().waitForExit()).isZero();
    String flow =
        """
        {"stream_name": "sample_stream", "config": {"durable_name": "flow", "deliver_subject": "q",
         "deliver_policy": "all", "replay_policy": "instant", "ack_policy": "flow_control",
         "flow_control": true, "idle_heartbeat": 5000000000}}""";
    try (Connection connection = Pair.connect(server)) {
      Message answer =
          connection.request(
              "$JS.API.CONSUMER.DURABLE.CREATE.sample_stream.flow",
              flow.getBytes(StandardCharsets.UTF_8),
              Duration.ofSeconds(2));
      if (new String(answer.getData(), StandardCharsets.UTF_8).contains("error")) {
        assertThat(connection.getServerInfo().isOlderThanVersion("2.15.0")).isTrue();
        return; // it has no such policy
      }
    }
    RunningProgram program = subscriber(server, "--durable", "flow").start();
    assertThat(program.waitForExit()).isEqualTo(1);
    program.waitForStderr("ERROR The server sends nothing: 409 Consumer is push based");
  }

  @Tag("soak")
  @Test
  void aConsumerOfSomebodyElseStaysAsItIs() throws Exception {
    assertThat(publisher(server, "-n", 3, "-i", 0, "-q").start().waitForExit()).isZero();
    try (Connection connection = Pair.connect(server)) {
      ConsumerInfo before =
          connection
              .jetStreamManagement()
              .createConsumer(
                  "sample_stream",
                  ConsumerConfiguration.builder()
                      .durable("callbacks")
                      .ackPolicy(AckPolicy.Explicit)
                      .filterSubject("foo")
                      .maxAckPending(1)
                      .maxDeliver(5)
                      .backoff(Duration.ofSeconds(3), Duration.ofSeconds(9))
                      .metadata(Map.of("owner", "somebody"))
                      .build());
      RunningProgram reads = subscriber(server, "-n", 2, "-t", "20s").start();
      assertThat(reads.waitForExit()).isZero();
      for (String[] refused :
          new String[][] {{"--subject", "bar", "reads foo"}, {"--ack-wait", "7s", "3000 ms"}}) {
        RunningProgram program = subscriber(server, refused[0], refused[1]).start();
        assertThat(program.waitForExit()).isEqualTo(1);
        program.waitForStderr("ERROR Consumer \"callbacks\" is there and ");
        program.waitForStderr(refused[2]);
      }
      assertThat(Durable.consumer(server).getConsumerConfiguration().toJson())
          .isEqualTo(before.getConsumerConfiguration().toJson());
    }
  }
}
