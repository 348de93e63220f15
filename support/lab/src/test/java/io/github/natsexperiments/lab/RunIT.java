package io.github.natsexperiments.lab;

import static io.github.natsexperiments.lab.LabProcess.assertNothingIsLeft;
import static io.github.natsexperiments.lab.LabProcess.children;
import static io.github.natsexperiments.lab.LabProcess.lab;
import static io.github.natsexperiments.lab.LabProcess.labInTerminal;
import static io.github.natsexperiments.lab.LabProcess.withServer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./lab run} with the jars of lesson 1. */
class RunIT {
  @TempDir private Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"01-basic", "01-basic/", "01", "1"})
  void endsByItselfWithAllMessagesReceived(String lesson) {
    RunningProgram lab = lab(temporary, "run", lesson, "-n", 3, "-i", 0).start();

    assertThat(lab.waitForExit()).isZero();
    assertThat(lab.stdoutLines())
        .hasSize(6)
        .contains("pub | Published a message to subject \"foo\": Hello #2 from NATS publisher")
        .contains(
            "sub | Received a message from subject \"foo\" (reply = \"\"): Hello #2 from NATS"
                + " publisher");
    assertThat(lab.stderrLines())
        .allMatch(line -> line.matches("(lab|pub|sub) \\| .+"))
        .anyMatch(line -> line.startsWith("pub | INFO Published 3 messages"))
        .anyMatch(line -> line.startsWith("sub | INFO Received 3 messages"))
        .endsWith("lab | Done");
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void endsByItselfWhateverTheReaderSays() {
    RunningProgram lab = lab(temporary, "run", "1", "-i", "1ms").start();

    assertThat(lab.waitForExit()).isZero();
    assertThat(command(lab, "subscriber")).contains("--count=10").contains("--timeout=10s");
    assertThat(command(lab, "publisher")).contains("--count=10").contains("--interval=1ms");
    lab.waitForStderr("sub | INFO Received 10 messages");
  }

  @Tag("more")
  @Test
  void givesTheSubscriberMorePatienceThanThePaceNeeds() {
    RunningProgram lab = lab(temporary, "run", "1", "--interval", "1m", "-n", 2).start();

    command(lab, "publisher");
    assertThat(command(lab, "subscriber")).contains("--timeout=70s");
  }

  @Test
  void givesEachProgramTheOptionsThatItHas() {
    RunningProgram lab =
        lab(temporary, "run", "1", "--queue", "workers", "-n2", "-qi", "0", "--reply", "--request")
            .start();

    assertThat(lab.waitForExit()).isZero();
    assertThat(command(lab, "subscriber"))
        .contains("--queue=workers", "--count=2", "--quiet", "--reply=Thanks")
        .doesNotContain("--interval", "--request");
    assertThat(command(lab, "publisher"))
        .contains("--count=2", "--quiet", "--interval=0", "--request")
        .doesNotContain("--queue", "--reply");
  }

  @Tag("more")
  @Test
  void passesLongLinesOnWhole() {
    RunningProgram lab = lab(temporary, "run", "1", "-n", 2, "-i", 0, "--size", 900_000).start();

    assertThat(lab.waitForExit()).isZero();
    assertThat(lab.stdoutLines())
        .hasSize(4)
        .allMatch(line -> line.matches("(pub|sub) \\| .*: Hello #\\d from NATS publisher\\.+"))
        .allMatch(line -> line.length() > 900_000 && line.length() < 900_200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          run 1 --foo       | Unknown option: '--foo'. See java -jar PUBLISHER --help and java -jar SUBSCRIBER --help
          run 1 --token=S3  | Unknown option: '--token'. See java -jar PUBLISHER
          run 1 -n          | Missing required parameter for option '-n' (N). See java -jar PUBLISHER --help and java -jar SUBSCRIBER --help
          run 1 -n 0        | Invalid value '0' for --count: it must be 1 or more. See java -jar PUBLISHER --help
          run 1 -n x        | Invalid value for option '--count': 'x' is not a whole number
          run 1 --queue a.  | Invalid value for option '--queue': 'a.'
          run 1 -s nats://x | lab run starts a server of its own
          run 1 --plain -q  | The plain programs have no -q: leave it out, or --plain
          run 99            | No lesson "99". There is 01-basic
          run               | Which lesson? There is 01-basic
          """)
  void refusesWhatMakesNoSense(String args, String message) {
    RunningProgram lab = lab(temporary, (Object[]) args.split(" ")).start();

    assertThat(lab.waitForExit()).isEqualTo(2);
    assertThat(lab.stderrLines())
        .hasSize(1)
        .first()
        .asString()
        .contains(
            message
                .replace("PUBLISHER", jar("publisher"))
                .replace("SUBSCRIBER", jar("subscriber")));
    assertThat(lab.stdoutBytes()).isEmpty();
  }

  /** {@code script} gives the lab a terminal, which writes {@code ^C} where it is. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aNewLineBeginsAfterCtrlC() throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String command = java + " -Djava.io.tmpdir=" + temporary + " -jar target/lab.jar run 1";
    RunningProgram lab =
        withServer(Program.command("script", "-qec", command, "/dev/null")).stdinPipe().start();
    lab.waitForStdout("Hello #0 ");
    lab.stdin().write(3);
    lab.stdin().flush();
    assertThat(lab.waitForExit()).isEqualTo(130);
    // The programs hear of Ctrl-C, too, and may say so before the lab does.
    assertThat(lab.stdoutLines())
        .map(line -> line.replaceAll("\u001b\\[\\d+m", "")) // the colours
        .noneMatch(line -> line.matches("(\\^C)?lab \\|\\s*|\\^Clab .*"));
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"run 1 -n 3 -i 0", "server --port 0"})
  @EnabledOnOs(OS.LINUX)
  void anOutputThatCannotBeWritten(String args) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String command = "exec %s -Djava.io.tmpdir=%s -jar target/lab.jar %s > /dev/full";
    RunningProgram lab =
        withServer(Program.command("sh", "-c", command.formatted(java, temporary, args))).start();

    assertThat(lab.waitForExit()).isEqualTo(1);
    lab.waitForStderr("ERROR Cannot write to standard output: ");
    assertThat(temporary).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({"run 1 --plain -n 3 -i 0", "run --plain 1 -n 3 -i 0"})
  void runsThePlainPair(String args) {
    RunningProgram lab = lab(temporary, (Object[]) args.split(" ")).start();

    assertThat(lab.waitForExit()).isZero();
    assertThat(lab.stdoutLines())
        .hasSize(6)
        .contains("pub | Published a message to subject \"foo\": Hello #2 from NATS publisher");
    assertThat(lab.stderrLines())
        .anyMatch(
            line ->
                line.startsWith("lab | java -cp " + jar("publisher"))
                    && line.contains(" io.github.natsexperiments.basic.PlainPublisher nats://")
                    && line.endsWith(" 3 0"));
  }

  @Tag("more")
  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no watchdog")
  void leavesNothingRunningWhenKilled() {
    RunningProgram lab = lab(temporary, "run", "1", "-n", 1000, "-q").start();
    lab.waitForStderr("pub | INFO Connected"); // and is watched
    List<ProcessHandle> children = children(lab);

    lab.signal("KILL");

    assertThat(lab.waitForExit()).isEqualTo(137);
    await().untilAsserted(() -> assertThat(temporary).isEmptyDirectory());
    assertNothingIsLeft(children, temporary);
  }

  @Test
  void showsTheHelpOfBothPrograms() {
    RunningProgram lab = lab(temporary, "run", "1", "--help").start();

    assertThat(lab.waitForExit()).isZero();
    assertThat(lab.stdoutLines())
        .anyMatch(line -> line.contains("--request"))
        .anyMatch(line -> line.contains("--queue"));
    assertThat(lab.stderrBytes()).isEmpty();
  }

  @Test
  void endsTheSubscriberWhenThePublisherFails() {
    RunningProgram lab = lab(temporary, "run", "1", "--size", 2_000_000, "-t", "1m").start();

    assertThat(lab.waitForExit()).isEqualTo(1);
    assertThat(lab.stderrLines())
        .anyMatch(line -> line.startsWith("pub | ERROR A message is larger"))
        .anyMatch(line -> line.startsWith("sub | INFO Received 0 messages"))
        .contains("lab | The publisher ended with exit code 1; stopping the subscriber");
  }

  @Tag("soak")
  @Test
  void endsThePublisherWhenTheSubscriberFails() {
    RunningProgram lab = lab(temporary, "run", "1", "-i", "1h", "-t", "2s").start();

    assertThat(lab.waitForExit()).isEqualTo(5);
    assertThat(lab.stderrLines())
        .anyMatch(line -> line.startsWith("sub | ERROR Gave up"))
        .anyMatch(line -> line.startsWith("pub | INFO Published 1 message,"))
        .contains("lab | The subscriber ended with exit code 5; stopping the publisher");
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  @DisabledOnOs(OS.WINDOWS)
  void drainsAndLeavesNothingRunningWhenSignalled(String signal, int exitCode) {
    RunningProgram lab = lab(temporary, "run", "1", "-n", 1000).start();
    lab.waitForStdout("sub | Received");
    List<ProcessHandle> children = children(lab);

    lab.signal(signal);

    assertThat(lab.waitForExit(Duration.ofSeconds(5))).isEqualTo(exitCode);
    assertThat(children).hasSize(3);
    assertNothingIsLeft(children, temporary);
    assertDrained(lab);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void letsTheProgramsDrainAtCtrlC() throws Exception {
    RunningProgram lab = labInTerminal(temporary, "run", "1", "-n", 1000).start();
    lab.waitForStdout("sub | Received");
    List<ProcessHandle> children = children(lab);

    Process kill = new ProcessBuilder("sh", "-c", "kill -INT -" + lab.pid()).inheritIO().start();
    assertThat(kill.waitFor()).isZero();

    assertThat(lab.waitForExit(Duration.ofSeconds(5))).isEqualTo(130);
    assertNothingIsLeft(children, temporary);
    assertDrained(lab);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void leavesNothingRunningWhenItIsStoppedWhileItStarts() {
    RunningProgram lab = lab(temporary, "run", "1", "-n", 1000).start();
    lab.waitForStderr("is ready");
    List<ProcessHandle> children = children(lab);

    lab.sigterm();

    assertThat(lab.waitForExit(Duration.ofSeconds(5))).isEqualTo(143);
    assertNothingIsLeft(children, temporary);
    assertThat(lab.stderrLines()).noneMatch(line -> line.contains("ERROR"));
  }

  @Tag("more")
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void endsQuietlyWhenNobodyReadsItsOutput() {
    // The shell stays, so that the lab and what it starts are its descendants.
    String command = "\"$@\" | head -n 2; echo \"head has ended\"";
    RunningProgram shell =
        withServer(Program.command("sh", "-c", command, "sh"))
            .args(Path.of(System.getProperty("java.home"), "bin", "java"))
            .args("-Djava.io.tmpdir=" + temporary, "-jar", Path.of("target", "lab.jar"))
            .args("run", "1", "-n", 1000, "-i", "100ms")
            .start();
    shell.waitForStdout("pub | Published");
    List<ProcessHandle> children = children(shell);

    shell.waitForExit(Duration.ofSeconds(10));

    assertThat(shell.stdoutLines()).hasSize(3);
    assertNothingIsLeft(children, temporary);
    assertThat(shell.stderrLines())
        .anyMatch(line -> line.startsWith("sub | INFO Received"))
        .allMatch(line -> line.matches("lab \\| (java|nats-server) .*|(pub|sub) \\| INFO .*"));
  }

  private static void assertDrained(RunningProgram lab) {
    assertThat(lab.stderrLines())
        .anyMatch(line -> line.startsWith("pub | INFO Published"))
        .anyMatch(line -> line.matches("sub \\| INFO Received .* missing 0, duplicated 0"))
        .noneMatch(line -> line.contains("ERROR"));
  }

  /** The line that shows how a program was called. */
  private static String command(RunningProgram lab, String program) {
    return lab.waitForStderr("lab | java -jar " + jar(program));
  }

  /** As one types it in the folder of these tests. */
  private static String jar(String program) {
    return Call.shown(
        Path.of("..", "..", "01-basic", "target", program + ".jar").toAbsolutePath().normalize());
  }
}
