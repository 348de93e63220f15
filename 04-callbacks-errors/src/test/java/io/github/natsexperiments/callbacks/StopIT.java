package io.github.natsexperiments.callbacks;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ctrl-C and SIGTERM at full speed, and without a server. */
class StopIT {
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  @RegisterExtension final TestServer server = TestServer.profile("open");

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void whatIsUnderWayIsFinished(String signal, int exitCode) throws Exception {
    RunningProgram subscriber = waiting(subscriber(server));
    RunningProgram publisher = publisher(server, "-i", 0).start();
    // The publisher leaves it little of the server: a few hundred a second, on a busy machine less.
    subscriber.waitForStdout("Hello #500 ", Duration.ofMinutes(1));

    subscriber.signal(signal);
    assertThat(subscriber.waitForExit()).isEqualTo(exitCode);
    int received = subscriber.stdoutLines().size();
    assertThat(Pair.summary(subscriber))
        .isEqualTo("INFO Received " + received + " messages, missing 0, duplicated 0");
    // Nothing delivered without an ack: the next run goes on exactly there.
    assertThat(Durable.consumer(server).getNumAckPending()).isZero();
    assertThat(Durable.consumer(server).getAckFloor().getConsumerSequence()).isEqualTo(received);

    publisher.signal(signal);
    assertThat(publisher.waitForExit()).isEqualTo(exitCode);
    int published = publisher.stdoutLines().size();
    assertThat(Pair.summary(publisher)).isEqualTo("INFO Published " + published + " messages");
    assertThat(StoredNumbers.count(server, "sample_stream")).isEqualTo(published);
  }

  /** For another reader, or for the next run. */
  @ParameterizedTest
  @CsvSource({"> /dev/full, 1, 0", "| head -n 3, 0, 3"})
  void whatCouldNotBePrintedIsNotAcknowledged(String output, int exitCode, int printed)
      throws Exception {
    assertThat(publisher(server, "-n", 100, "-i", 0, "-q").start().waitForExit()).isZero();
    RunningProgram shell =
        Program.command("sh", "-c", "'" + JAVA + "' -jar target/subscriber.jar -n 100 " + output)
            .env("NATS_URL", server.url())
            .start();
    assertThat(shell.waitForExit()).isEqualTo(exitCode);
    // What head was too slow to refuse counts as printed.
    assertThat(Durable.consumer(server).getAckFloor().getStreamSequence())
        .isBetween((long) printed, printed + 50L);
  }

  @Tag("more")
  @Test
  void countStopsExactlyThereAndTheNextRunHasTheRest() throws Exception {
    assertThat(publisher(server, "-n", 1000, "-i", 0, "-q").start().waitForExit()).isZero();
    RunningProgram first = subscriber(server, "-n", 300, "--subject", "foo").start();
    assertThat(first.waitForExit()).isZero();
    assertThat(first.stdoutLines()).hasSize(300);
    assertThat(Durable.consumer(server).getNumAckPending()).isZero();

    RunningProgram second = subscriber(server, "-n", 700, "-t", "10s").start();
    assertThat(second.waitForExit()).isZero();
    assertThat(Pair.number(second.stdoutLines().get(0))).isEqualTo(300);
    assertThat(Pair.summary(second))
        .isEqualTo("INFO Received 700 messages, missing 0, duplicated 0");
  }

  @Tag("soak")
  @Test
  void ctrlCDoesNotWaitForAServerThatIsGone() throws IOException {
    RunningProgram subscriber = waiting(subscriber(server));
    RunningProgram publisher = publisher(server, "-i", "50ms").start();
    RunningProgram input = publisher(server, "--subject", "foo", "--stdin").stdinPipe().start();
    subscriber.waitForStdout("Hello #3 ");
    input.waitForStderr("Run ");
    server.kill();
    for (RunningProgram program : List.of(publisher, subscriber, input)) {
      program.waitForStderr("still trying, attempt 1");
      if (program == publisher) {
        program.waitForStderr(" no answer");
      }
      Duration before = program.elapsed();
      program.sigint();
      assertThat(program.waitForExit()).isEqualTo(130);
      assertThat(program.elapsed().minus(before)).isLessThan(Duration.ofSeconds(4));
    }
    publisher.waitForStderr("have no ack: stored or not, nobody knows");
  }

  @Tag("soak")
  @Test
  void programsThatWaitStopSoon() {
    RunningProgram subscriber = waiting(subscriber(server));
    RunningProgram publisher = publisher(server, "-i", "1h").start();
    RunningProgram other = subscriber(server, "--stream", "other", "--durable", "other").start();
    publisher.waitForStdout("Ack: ");
    other.waitForStderr("Waiting for messages");
    for (RunningProgram program : List.of(subscriber, publisher, other)) {
      Duration before = program.elapsed();
      program.sigint();
      assertThat(program.waitForExit()).isEqualTo(130);
      assertThat(program.elapsed().minus(before)).isLessThan(Duration.ofSeconds(4));
    }
  }
}
