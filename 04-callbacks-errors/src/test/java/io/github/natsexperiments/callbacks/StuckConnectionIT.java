package io.github.natsexperiments.callbacks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.Proxy;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A network that breaks, and once more just while jnats reconnects. */
@Tag("soak")
class StuckConnectionIT {
  /**
   * jnats alone would need two minutes of unanswered pings. The connect that is forced on it may
   * hang as well, until the connection timeout of 10 s.
   */
  private static final Duration SOON = Duration.ofSeconds(30);

  @RegisterExtension final TestServer server = TestServer.profile("open");

  @Test
  void aConnectionThatIsStuckRecovers() throws Exception {
    try (Proxy forPublisher = new Proxy(server.port());
        Proxy forSubscriber = new Proxy(server.port())) {
      RunningProgram publisher =
          Program.jar("publisher").args("-s", forPublisher.url(), "-i", "20ms").start();
      RunningProgram subscriber =
          Program.jar("subscriber").args("-s", forSubscriber.url(), "--ack-wait", "2s").start();
      subscriber.waitForStdout("Hello #10 ");
      for (int cut = 0; cut < 6; cut++) {
        for (Proxy proxy : List.of(forPublisher, forSubscriber)) {
          proxy.cutTwice();
          await(subscriber, publisher.stdoutLines().size() + 20);
        }
      }
      publisher.sigint();
      assertThat(publisher.waitForExit()).isEqualTo(130);
      // What the server had sent into a broken connection comes again after the ack wait.
      await(subscriber, publisher.stdoutLines().size());
      subscriber.sigint();
      assertThat(subscriber.waitForExit()).isEqualTo(130);
      assertThat(Pair.summary(subscriber)).endsWith(", missing 0, duplicated 0");
    }
  }

  private static void await(RunningProgram program, int lines) {
    Awaitility.await().atMost(SOON).until(() -> program.stdoutLines().size() >= lines);
  }
}
