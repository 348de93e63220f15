package io.github.natsexperiments.callbacks;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages that the handler cannot do. */
class PoisonIT {
  @RegisterExtension final TestServer server = TestServer.profile("open");

  @Test
  void aPoisonMessageComesBackAndIsGivenUp() throws Exception {
    assertThat(publisher(server, "-n", 10, "-i", 0).start().waitForExit()).isZero();
    RunningProgram subscriber = subscriber(server, "-n", 10, "--fail-every", 5).start();
    assertThat(subscriber.waitForExit()).isZero();

    // The eight others did not wait for them.
    assertThat(subscriber.stdoutLines())
        .extracting(Pair::number)
        .containsExactly(0, 1, 2, 3, 5, 6, 7, 8);
    for (int sequence : new int[] {5, 10}) {
      for (int delivery : new int[] {1, 2}) {
        subscriber.waitForStderr(
            " failed %s: sequence %d, delivery %d of 3: the handler cannot do this one"
                .formatted(server.url(), sequence, delivery));
      }
      subscriber.waitForStderr(
          " given up %s: sequence %d, delivery 3 of 3".formatted(server.url(), sequence));
      subscriber.waitForStderr(
          line ->
              line.contains(" advisory ")
                  && line.contains("terminated")
                  && line.contains("\"stream_seq\":" + sequence));
    }
    assertThat(subscriber.stderrLines()).anyMatch(line -> line.endsWith("; given up 2"));
    assertThat(Pair.summary(subscriber))
        .isEqualTo("INFO Received 10 messages, missing 0, duplicated 0");
    assertThat(Durable.consumer(server).getNumAckPending()).isZero();
  }

  @Tag("more")
  @Test
  void maxDeliverSaysHowOften() {
    assertThat(publisher(server, "-n", 3, "-i", 0, "-H", "A:1").start().waitForExit()).isZero();
    RunningProgram subscriber =
        subscriber(server, "-n", 3, "--fail-every", 3, "--max-deliver", 1, "--headers").start();
    assertThat(subscriber.waitForExit()).isZero();
    subscriber.waitForStderr(" given up " + server.url() + ": sequence 3, delivery 1 of 1");
    assertThat(subscriber.stdoutLines()).allMatch(line -> line.matches(".*headers = .*A: 1.*"));
  }
}
