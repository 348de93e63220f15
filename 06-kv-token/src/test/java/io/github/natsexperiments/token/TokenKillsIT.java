package io.github.natsexperiments.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Four writers add to one number, and the server is killed three times meanwhile. */
@Tag("soak")
class TokenKillsIT {
  private static final int WRITERS = 4;
  private static final int INCREMENTS = 2500;
  private static final int KILLS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final Login LOGIN = Login.issue();

  @RegisterExtension final TestServer server = TestServer.with(LOGIN.config());

  @Test
  void noIncrementIsLostOrDoubled() throws Exception {
    List<RunningProgram> writers =
        Stream.generate(
                () ->
                    LOGIN
                        .publisher(
                            server, "--key", "counter", "--increment", "-n", INCREMENTS, "-i", 0)
                        .start())
            .limit(WRITERS)
            .toList();
    for (int kill = 1; kill <= KILLS; kill++) {
      int sum = kill * WRITERS * INCREMENTS / (KILLS + 2);
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(50))
          .until(() -> sumOfLines(writers) > sum);
      server.kill();
      server.start();
    }
    for (RunningProgram writer : writers) {
      assertThat(writer.waitForExit(PATIENCE)).isZero();
      writer.waitForStderr("Added " + INCREMENTS + " messages");
    }
    try (Connection connection = LOGIN.connect(server)) {
      assertThat(connection.keyValue("sample_kv").get("counter").getValueAsLong())
          .isEqualTo(WRITERS * INCREMENTS);
    }
  }

  private static int sumOfLines(List<RunningProgram> writers) {
    return writers.stream().mapToInt(writer -> writer.stdoutLines().size()).sum();
  }
}
