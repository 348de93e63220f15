package io.github.natsexperiments.keyvalue;

import static io.github.natsexperiments.keyvalue.Entries.entries;
import static io.github.natsexperiments.keyvalue.Entries.watching;
import static io.github.natsexperiments.testkit.Pair.connect;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ctrl-C and SIGTERM at full speed. */
class KvStopIT {
  private static final Duration SOON = Duration.ofSeconds(4);

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private static int stop(RunningProgram program, String signal) {
    program.signal(signal);
    return program.waitForExit(SOON);
  }

  @ParameterizedTest
  @CsvSource({
    "INT, 130, --async",
    "TERM, 143, --async",
    "INT, 130, --verbose",
    "TERM, 143, --verbose"
  })
  void everyPutHasItsAnswer(String signal, int code, String option) throws Exception {
    String bucket = "stop" + code + option;
    RunningProgram publisher = publisher(server, "--bucket", bucket, "-i", 0, option).start();
    publisher.waitForStdout("revision = \"500\"");
    assertThat(stop(publisher, signal)).isEqualTo(code);
    int acked = publisher.stdoutLines().size();
    publisher.waitForStderr("Put " + acked + " messages");
    try (Connection connection = connect(server)) {
      assertThat(
              connection
                  .keyValueManagement()
                  .getStatus(bucket)
                  .getBackingStreamInfo()
                  .getStreamState()
                  .getLastSequence())
          .isEqualTo(acked);
    }
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void theWatchSaysWhereItStopped(String signal, int code) {
    String bucket = "watch" + code;
    RunningProgram publisher =
        publisher(server, "--bucket", bucket, "--history", 64, "-i", 0, "--async", "-q").start();
    publisher.waitForStderr("Connected");
    RunningProgram watch = watching(subscriber(server, "--bucket", bucket, "--follow"));
    int[] entries = {0};
    watch.waitForStdout(line -> ++entries[0] == 100);
    assertThat(stop(watch, signal)).isEqualTo(code);
    long last = entries(watch).get(entries(watch).size() - 1).revision();
    assertThat(watch.waitForStderr("Received ")).endsWith(", last revision " + last);
    stop(publisher, signal);
  }

  @Test
  void aPollEndsToo() {
    publisher(server, "--bucket", "poll", "-n", 1).start().waitForExit();
    RunningProgram poll = subscriber(server, "--bucket", "poll", "--poll", "0").start();
    poll.waitForStdout("#0");
    assertThat(stop(poll, "INT")).isEqualTo(130);
  }
}
