package io.github.natsexperiments.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramTest {

  private static final Path JAR = Sample.jar();
  private static final Duration SHORT = Duration.ofMillis(300);

  private static Program sample(Object... args) {
    return Program.jar(JAR).args(args);
  }

  @Test
  void bothStreamsAreReadApartAsUtf8AndAsBytes() {
    RunningProgram program = sample("say", "žluťoučký кот").start();

    assertThat(program.waitForExit()).isZero();
    assertThat(program.stdoutLines()).containsExactly("out: žluťoučký кот");
    assertThat(program.stderrLines()).containsExactly("err: said");
    assertThat(program.stdoutBytes()).startsWith("out: žluťoučký".getBytes(StandardCharsets.UTF_8));
    assertThat(program.stderrBytes()).startsWith('e', 'r', 'r');
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 130})
  void theExitCodeIsTheProgramsOwn(int code) {
    RunningProgram program = sample("exit", code).start();

    assertThat(program.waitForExit()).isEqualTo(code);
    assertThat(program.isRunning()).isFalse();
    assertThat(program.elapsed()).isPositive().isEqualTo(program.elapsed());
  }

  @Test
  void aLineAlreadyWrittenIsFoundToo() {
    RunningProgram program = sample("say", "hello").start();
    program.waitForExit();

    assertThat(program.waitForStdout("hello")).isEqualTo("out: hello");
    assertThat(program.waitForStdout(line -> line.endsWith("hello"))).isEqualTo("out: hello");
    assertThat(program.waitForStderr("said")).isEqualTo("err: said");
    assertThat(program.waitForStderr(line -> line.startsWith("err"))).isEqualTo("err: said");
  }

  @Test
  void aMissingLineFailsAsSoonAsTheProgramEnded() {
    RunningProgram program = sample("say", "hello").start();

    assertTimeout(
        RunningProgram.PATIENCE.dividedBy(2),
        () ->
            assertThatThrownBy(() -> program.waitForStdout("goodbye"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll(
                    "a line with \"goodbye\" not on stdout when the program ended",
                    "sample.jar say hello (exit code 0 after"));
  }

  @Test
  void aMissingLineFailsInTimeWhenTheProgramGoesOn() {
    RunningProgram program = sample("wait").start();
    program.waitForStdout("waiting");

    assertThatThrownBy(() -> program.waitForStderr("goodbye", SHORT))
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll(
            "a line with \"goodbye\" not on stderr within 300 ms",
            "sample.jar wait (pid " + program.pid() + ", running after");
    assertThatThrownBy(() -> program.waitForExit(SHORT))
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll("still runs after 300 ms", "sample.jar wait (pid ");
  }

  @Test
  void ctrlCLetsTheProgramDrain() {
    RunningProgram program = sample("wait").start();
    program.waitForStdout("waiting");

    program.sigint();

    assertThat(program.waitForExit()).isEqualTo(130);
    assertThat(program.stdoutLines()).endsWith("draining");
  }

  @Test
  void sigtermLetsTheProgramDrain() {
    RunningProgram program = sample("wait").start();
    program.waitForStdout("waiting");

    program.sigterm();

    assertThat(program.waitForExit()).isEqualTo(143);
    assertThat(program.stdoutLines()).endsWith("draining");
  }

  @Test
  void killLetsTheProgramDoNothing() {
    RunningProgram program = sample("wait").start();
    program.waitForStdout("waiting");

    program.kill();

    assertThat(program.waitForExit()).isEqualTo(OS.WINDOWS.isCurrentOs() ? 1 : 137);
    assertThat(program.stdoutLines()).hasSize(1);
  }

  /** As in a CI script: a non-interactive shell starts background commands with SIGINT ignored. */
  @Test
  void ctrlCWorksAlsoWhereSigintIsIgnored() throws Exception {
    assumeThat(Files.exists(Path.of("/proc/self/status"))).as("Linux").isTrue();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();

    RunningProgram tests =
        Program.command(
                "sh",
                "-c",
                "trap '' INT; exec \"$@\"",
                "sh",
                java,
                "-cp",
                System.getProperty("java.class.path"),
                InterruptsSample.class.getName())
            .start();

    assertThat(tests.waitForExit()).isZero();
    assertThat(tests.stdoutLines()).containsExactly("exit code 130");
  }

  /** What a test does, in a JVM of its own. */
  static final class InterruptsSample {
    private InterruptsSample() {}

    public static void main(String[] args) {
      try (RunningProgram program = sample("wait").start()) {
        program.waitForStdout("waiting");
        program.sigint();
        System.out.println("exit code " + program.waitForExit());
      }
    }
  }

  @Test
  void aPromptWithoutLineEndIsSeenAndAnswered() throws Exception {
    RunningProgram program = sample("prompt", 3).stdinPipe().start();
    program.waitForStdout("Name: ");

    program.stdin().write("Ann".getBytes(StandardCharsets.UTF_8));
    program.stdin().flush();

    assertThat(program.waitForExit()).isZero();
    assertThat(program.stdoutLines()).containsExactly("Name: Hello, Ann");
  }

  @Test
  void standardInputIsWhatWasGivenAndNothingOtherwise() {
    assertThat(finished(sample("echo").stdin("čtyři\n"))).containsExactly("čtyři");
    assertThat(finished(sample("echo"))).isEmpty();
  }

  @Test
  void jvmOptionsReachTheJvm() {
    RunningProgram program = sample("wait").jvmArgs("-Xmx32m", "-XX:+UseSerialGC").start();

    String memory = program.waitForStdout("waiting").replaceFirst("waiting, ", "");

    assertThat(Long.parseLong(memory)).isLessThanOrEqualTo(32 << 20);
  }

  @Test
  void theEnvironmentNamesNoServerUnlessTheTestDoes() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    RunningProgram tests =
        Program.command(
                java,
                "-cp",
                System.getProperty("java.class.path"),
                PrintsEnvironment.class.getName())
            .env("NATS_URL", "nats://elsewhere")
            .env("NATS_CREDS", "elsewhere.creds")
            .env("NATS_TOKEN", "elsewhere")
            .env("JAVA_TOOL_OPTIONS", "-Delse=where")
            .start();

    assertThat(tests.waitForExit()).isZero();
    assertThat(tests.stdoutLines())
        .contains("NATS_URL=nats://here")
        .noneMatch(line -> line.contains("else"));
  }

  /** What a test does, in a JVM whose environment is full of traps. */
  static final class PrintsEnvironment {
    private PrintsEnvironment() {}

    public static void main(String[] args) {
      finished(sample("environment").env("NATS_URL", "nats://here")).forEach(System.out::println);
    }
  }

  @Test
  void theWorkingDirectoryIsTheModulesUnlessTheTestSaysOtherwise(@TempDir Path elsewhere)
      throws Exception {
    assertThat(finished(sample("directory"))).containsExactly(System.getProperty("user.dir"));
    assertThat(finished(sample("directory").directory(elsewhere)))
        .containsExactly(elsewhere.toRealPath().toString());
  }

  @Test
  void aMillionLinesAreNoTrouble() {
    RunningProgram program = sample("lines", 1_000_000).start();

    program.waitForStdout("line 999999");

    assertThat(program.waitForExit()).isZero();
    assertThat(program.stdoutLines()).hasSize(1_000_000);
    assertThat(program.report())
        .contains("stdout, 1000000 lines", "| line 0\n", "| line 39\n", "999920 more lines")
        .contains("| line 999960\n", "| line 999999\n")
        .doesNotContain("| line 40\n", "| line 999959\n")
        .hasLineCount(84);
  }

  @Tag("more")
  @Test
  void closeEndsTheProgramAndItsChildren() {
    assumeThat(File.separatorChar).as("not Windows").isEqualTo('/');
    RunningProgram shell = Program.command("sh", "-c", "sleep 300 & echo $!; wait").start();
    ProcessHandle child =
        ProcessHandle.of(Long.parseLong(shell.waitForStdout(line -> !line.isEmpty())))
            .orElseThrow();

    shell.close();

    assertThat(shell.isRunning()).isFalse();
    assertThat(child.onExit()).succeedsWithin(RunningProgram.PATIENCE);
  }

  @Test
  void aMissingJarSaysHowToBuildIt() {
    assertThatThrownBy(() -> Program.jar("nosuch"))
        .hasMessage(Path.of("target", "nosuch.jar") + " is missing; `mvn package` builds it");
  }

  private static List<String> finished(Program program) {
    try (RunningProgram running = program.start()) {
      assertThat(running.waitForExit()).isZero();
      return running.stdoutLines();
    }
  }
}
