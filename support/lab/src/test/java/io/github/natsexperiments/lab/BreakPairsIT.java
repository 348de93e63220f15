package io.github.natsexperiments.lab;

import static io.github.natsexperiments.lab.BreakIT.row;
import static io.github.natsexperiments.lab.LabProcess.lab;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.RunningProgram;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lab break} with the jars of lessons 1 and 3: what it counts and says of both pairs. */
@Tag("soak")
class BreakPairsIT {
  @TempDir private Path temporary;

  @Test
  void bothPairsLoseAndOnlyTheLessonsNotices() {
    // Longer than by default: only a message after the gap shows the gap to the subscriber.
    RunningProgram lab = lab(temporary, "break", "1", "--seed", 7, "-n", 10_000).start();

    assertThat(lab.waitForExit(Duration.ofMinutes(4))).isZero();
    assertThat(lab.stderrLines())
        .allMatch(line -> line.startsWith("lab | "))
        .contains("lab | Lesson 01-basic, fault kill, --kills 1, --seed 7")
        .contains("lab | The plain pair, 10000 messages", "lab | The lesson pair, 10000 messages")
        .anyMatch(line -> line.startsWith("lab | About "));
    List<String> table = lab.stdoutLines();
    assertThat(table.get(0)).matches(" +plain +lesson");
    assertThat(row(table, "published")).isEqualTo("10000 10000");
    String[] missing = row(table, "never arrived").split(" ");
    assertThat(missing).doesNotContain("0");
    assertThat(row(table, "  noticed by the subscriber")).isEqualTo("no " + missing[1]);
    assertThat(row(table, "subscriber's exit code")).isEqualTo("stopped stopped");
    assertThat(table).anyMatch(line -> line.matches("plain .*[×x].*"));
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void bothProgramsSayThatTheirStreamIsGone() {
    RunningProgram lab =
        lab(temporary, "break", "3", "--lesson", "--fault", "restart-empty", "-n", 1000).start();

    assertThat(lab.waitForExit(Duration.ofMinutes(4))).isZero();
    lab.waitForStdout("The lesson publisher: Stream \"sample_stream\" is gone, with every message");
    lab.waitForStdout(
        "The lesson subscriber: Stream \"sample_stream\" is gone, with every message");
    lab.waitForStdout("The stream is gone with the storage");
    assertThat(temporary).isEmptyDirectory();
  }
}
