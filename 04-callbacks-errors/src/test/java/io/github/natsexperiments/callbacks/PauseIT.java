package io.github.natsexperiments.callbacks;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server that says nothing for longer than its clients wait for an answer. */
@Tag("soak")
class PauseIT {
  @RegisterExtension final TestServer server = TestServer.profile("open");

  @Test
  void aRealPauseOf35Seconds() throws Exception {
    RunningProgram subscriber = waiting(subscriber(server));
    RunningProgram publisher = publisher(server, "-i", "20ms").start();
    subscriber.waitForStdout("Hello #20 ");
    server.pause();
    long paused = System.nanoTime();
    for (RunningProgram program : List.of(publisher, subscriber)) {
      program.waitForStderr("no answer");
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> System.nanoTime() - paused > Duration.ofSeconds(35).toNanos());
    server.resume();
    for (RunningProgram program : List.of(publisher, subscriber)) {
      program.waitForStderr(line -> line.matches(".* answer .*: after [23]\\d{4} ms.*"));
      // With pings every 20 s, of which six may stay unanswered, nothing else has happened.
      assertThat(program.stderrLines()).noneMatch(line -> line.contains("DISCONNECTED"));
    }
    int acked = publisher.stdoutLines().size();
    subscriber.waitForStdout("Hello #" + (acked + 50) + " ");
    publisher.sigint();
    assertThat(publisher.waitForExit()).isEqualTo(130);
    subscriber.waitForStdout("Hello #" + (publisher.stdoutLines().size() - 1) + " ");
    subscriber.sigint();
    assertThat(subscriber.waitForExit()).isEqualTo(130);
    assertThat(Pair.summary(subscriber)).endsWith(", missing 0, duplicated 0");
  }
}
