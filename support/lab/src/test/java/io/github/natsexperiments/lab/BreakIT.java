package io.github.natsexperiments.lab;

import static io.github.natsexperiments.lab.LabProcess.assertNothingIsLeft;
import static io.github.natsexperiments.lab.LabProcess.children;
import static io.github.natsexperiments.lab.LabProcess.lab;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.RunningProgram;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./lab break} with the jars of lessons 1 and 5: faults, signals, options. */
@Tag("soak")
class BreakIT {
  @TempDir private Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"kill", "stop", "pause"})
  void theLessonsWatchMissesNothing(String fault) {
    RunningProgram lab =
        lab(temporary, "break", "5", "--lesson", "--quiet", "--fault", fault, "-n", 800).start();

    assertThat(lab.waitForExit(Duration.ofMinutes(4))).isZero();
    assertThat(lab.stderrLines()).isEmpty();
    List<String> table = lab.stdoutLines();
    assertThat(row(table, "  acknowledged")).isEqualTo("800");
    assertThat(row(table, "never arrived")).isEqualTo("0");
    assertThat(row(table, "arrived twice")).isEqualTo("0");
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void saysWhatAnEmptyStorageMeans() {
    RunningProgram lab =
        lab(temporary, "break", "5", "--lesson", "--fault", "restart-empty", "-n", 500).start();

    assertThat(lab.waitForExit(Duration.ofMinutes(4))).isZero();
    lab.waitForStdout("The bucket is gone with the storage");
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  @DisabledOnOs(OS.WINDOWS)
  void leavesNothingRunningWhenSignalled(String signal, int exitCode) {
    RunningProgram lab = lab(temporary, "break", "1", "--plain", "--seed", 7).start();
    lab.waitForStderr("the server is back", Duration.ofMinutes(1));
    List<ProcessHandle> children = children(lab);

    lab.signal(signal);

    assertThat(lab.waitForExit(Duration.ofSeconds(5))).isEqualTo(exitCode);
    assertThat(lab.stdoutBytes()).as("no table of half a run").isEmpty();
    assertThat(children).hasSize(3);
    assertNothingIsLeft(children, temporary);
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no watchdog")
  void leavesNothingRunningWhenKilled() {
    RunningProgram lab = lab(temporary, "break", "5", "--plain", "--seed", 7).start();
    lab.waitForStderr("the server is back", Duration.ofMinutes(1));
    await().until(() -> children(lab).size() == 3); // each watchdog's shell is gone at once
    List<ProcessHandle> children = children(lab);

    lab.signal("KILL");

    assertThat(lab.waitForExit()).isEqualTo(137);
    await().untilAsserted(() -> assertThat(temporary).isEmptyDirectory());
    assertNothingIsLeft(children, temporary);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          break                    | Which lesson? There is 01-basic
          break 9                  | No lesson "9". There is 01-basic
          break 1 --kills 21       | Invalid value '21' for --kills: it must be 1 to 20
          break 1 --kills 0        | Invalid value '0' for --kills: it must be 1 to 20
          break 1 -n 0             | Invalid value '0' for --count: it must be 1 to 100000
          break 1 --fault fire     | Invalid value for option '--fault': 'fire' is not one of kill, stop, pause, restart-empty. See lab break --help
          break 1 --plain --lesson | ERROR --plain, --lesson are mutually exclusive
          """)
  void refusesWhatMakesNoSense(String args, String message) {
    RunningProgram lab = lab(temporary, (Object[]) args.split(" ")).start();

    assertThat(lab.waitForExit()).isEqualTo(2);
    assertThat(lab.stderrLines()).hasSize(1).first().asString().contains(message);
    assertThat(lab.stdoutBytes()).isEmpty();
  }

  static String row(List<String> table, String what) {
    return table.stream()
        .filter(line -> line.startsWith(what))
        .findFirst()
        .orElseThrow(() -> new AssertionError(String.join("\n", table)))
        .substring(what.length())
        .strip()
        .replaceAll(" {2,}", " ");
  }
}
