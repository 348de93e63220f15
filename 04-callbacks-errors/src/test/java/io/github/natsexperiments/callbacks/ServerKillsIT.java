package io.github.natsexperiments.callbacks;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.time.Duration;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** kill -9 of the server, again and again, at random moments: nothing lost, no work done twice. */
@Tag("soak")
class ServerKillsIT {
  private static final Duration LONG = Duration.ofMinutes(4);

  @RegisterExtension final TestServer server = TestServer.profile("open");

  private final Random random = new Random();

  @Test
  void twentyKillsOfTheServer() throws Exception {
    int count = 100_000;
    int kills = 20;
    RunningProgram subscriber =
        subscriber(server, "-n", count, "-t", "60s", "--ack-wait", "5s").start();
    // Not faster than the subscriber, or it would have finished after the third kill.
    RunningProgram publisher = publisher(server, "-n", count, "-i", "200us", "-q").start();
    for (int kill = 0; kill < kills; kill++) {
      // A random message of the next few thousand: while many are under way.
      long at = count * (long) kill / (kills + 1) + random.nextInt(count / kills);
      Pair.awaitLines(subscriber, at);
      server.kill();
      server.start();
    }
    assertThat(publisher.waitForExit(LONG)).isZero();
    assertThat(subscriber.waitForExit(LONG)).isZero();

    assertThat(Pair.summary(publisher)).isEqualTo("INFO Published " + count + " messages");
    assertThat(Pair.summary(subscriber))
        .isEqualTo("INFO Received " + count + " messages, missing 0, duplicated 0");
    // The same, counted here: the work for each message was done, and done once.
    assertThat(subscriber.stdoutLines().stream().mapToLong(Pair::number).sorted())
        .containsExactlyElementsOf(LongStream.range(0, count).boxed().toList());
    assertThat(StoredNumbers.in(server, "sample_stream")).hasSize(count).doesNotHaveDuplicates();
  }
}
