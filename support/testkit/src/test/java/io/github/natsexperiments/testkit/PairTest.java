package io.github.natsexperiments.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PairTest {

  private static final String OUTPUT =
      """
      Received a message from subject "foo" (reply = ""): Hello #7 from NATS publisher
      Ack: stream = "sample_stream", sequence = "1"
      PUT key "key" (revision = "1", age = "0.001 s"): Hello #12 from Key/Value NATS publisher
      Received a message from subject "foo" (reply = ""): something else
      Received a message from subject "foo" (reply = ""): Hello #3 from NATS publisher.....
      Received a message from subject "foo" (reply = ""): Hello #4 fr""";

  private static RunningProgram ended(String stdout, String stderr) {
    RunningProgram program =
        Program.command("sh", "-c", "printf %s \"$1\"; printf %s \"$2\" >&2", "sh", stdout, stderr)
            .start();
    program.waitForExit();
    return program;
  }

  @Test
  void readsTheNumbersOfWholeLines() {
    RunningProgram program = ended(OUTPUT, "");
    assertThat(Pair.numbers(program)).containsExactly(7, 12, 3);
    assertThat(Pair.acks(program))
        .containsExactly("Ack: stream = \"sample_stream\", sequence = \"1\"");
    assertThatThrownBy(() -> Pair.number("Hello"))
        .isInstanceOf(AssertionError.class)
        .hasMessageEndingWith("in: Hello");
  }

  @Test
  void readsTheSummary() {
    RunningProgram program =
        ended(
            "",
            "INFO Published nothing yet\nINFO Published 17 messages, 34 bytes in 1.0 s, missing 0\n");
    assertThat(Pair.counted(program, "Published")).isEqualTo(17);
    assertThat(Pair.summary(program)).isEqualTo("INFO Published 17 messages, missing 0");
    RunningProgram one = ended("", "INFO Received 1 message, 28 bytes in 0.001 s");
    assertThat(Pair.counted(one, "Received")).isEqualTo(1);
    assertThat(Pair.summary(one)).isEqualTo("INFO Received 1 message");
  }

  @Test
  void countsUpTo() {
    assertThat(Pair.upTo(3)).containsExactly(0, 1, 2);
    assertThat(Pair.range(2, 4)).containsExactly(2, 3);
    assertThat(Pair.upTo(0)).isEmpty();
  }
}
