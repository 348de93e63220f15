package io.github.natsexperiments.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.Condition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

class ProgramsExtensionTest {

  private static final Path JAR = Sample.jar();
  private static final List<RunningProgram> STARTED = new ArrayList<>();

  private static RunningProgram start(Object... args) {
    RunningProgram program = Program.jar(JAR).args(args).start();
    STARTED.add(program);
    return program;
  }

  private static EngineExecutionResults run(Class<?> test) {
    STARTED.clear();
    return EngineTestKit.engine("junit-jupiter")
        .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
        .selectors(selectClass(test))
        .execute();
  }

  /** The message, and under it both programs' commands, states and outputs. */
  private static Condition<Event> failureWithBothOutputs() {
    return finishedWithFailure(
        message(text -> text.startsWith("what we wish") || text.contains(": what we wish")),
        message(text -> text.contains("sample.jar wait (")),
        message(text -> text.contains(" stdout, 1 line\n  | waiting, ")),
        message(text -> text.contains(" stderr, 0 lines\n")),
        message(text -> text.contains("sample.jar say hello (exit code 0 after ")),
        message(text -> text.contains(" stdout, 1 line\n  | out: hello\n")),
        message(text -> text.contains(" stderr, 1 line\n  | err: said\n")));
  }

  static class Failing {
    @Test
    void withTwoPrograms() {
      try (RunningProgram waiting = start("wait");
          RunningProgram saying = start("say", "hello")) {
        waiting.waitForStdout("waiting");
        saying.waitForExit();
        fail("what we wish");
      }
    }

    @Test
    void withAnException() {
      start("wait").waitForStdout("waiting");
      start("say", "hello").waitForExit();
      throw new IllegalStateException("what we wish");
    }
  }

  @Test
  void aFailureShowsWhatEveryProgramWrote() {
    run(Failing.class).testEvents().assertThatEvents().haveExactly(2, failureWithBothOutputs());
  }

  @Test
  void noProgramOutlivesAFailedTestAndNoFileStays() {
    run(Failing.class);

    assertThat(STARTED).hasSize(4).noneMatch(RunningProgram::isRunning);
    assertThat(STARTED).allMatch(program -> Files.notExists(program.files()));
  }

  static class FailingEarly {
    @BeforeEach
    void before() {
      start("wait").waitForStdout("waiting");
      start("say", "hello").waitForExit();
      throw new IllegalStateException("what we wish");
    }

    @Test
    void neverRun() {}
  }

  @Test
  void aFailureBeforeTheTestShowsItToo() {
    run(FailingEarly.class)
        .testEvents()
        .assertThatEvents()
        .haveExactly(1, failureWithBothOutputs());
    assertThat(STARTED).hasSize(2).noneMatch(RunningProgram::isRunning);
  }

  @TestMethodOrder(MethodOrderer.MethodName.class)
  static class Shared {
    @BeforeAll
    static void before() {
      start("wait").waitForStdout("waiting");
    }

    @Test
    void first() {
      start("wait").waitForStdout("waiting");
    }

    @Test
    void second() {
      assertThat(STARTED.get(0).isRunning()).isTrue();
      assertThat(STARTED.get(1).isRunning()).isFalse();
    }

    @AfterEach
    void stillThere() {
      assertThat(STARTED.get(0).isRunning()).isTrue();
    }

    @AfterAll
    static void after() {
      assertThat(STARTED.get(0).isRunning()).isTrue();
    }
  }

  @Test
  void aProgramOfTheClassLivesAsLongAsTheClass() {
    run(Shared.class).testEvents().assertStatistics(stats -> stats.succeeded(2).failed(0));
    assertThat(STARTED).hasSize(2).noneMatch(RunningProgram::isRunning);
  }

  static class Restricted {
    @Test
    void unpacksNativeCode() {
      start("warn", "A restricted method in java.lang.System has been called").waitForExit();
    }
  }

  @Test
  void aWarningOfTheJvmIsAFailure() {
    run(Restricted.class)
        .testEvents()
        .assertThatEvents()
        .haveExactly(
            1,
            finishedWithFailure(
                message(
                    "the JVM warns:\nWARNING: A restricted method in java.lang.System has been called")));
  }

  static class Aborted {
    @Test
    void notHere() {
      start("say", "hello").waitForExit();
      Assumptions.abort("not here");
    }
  }

  @Test
  void anAbortedTestIsNoFailure() {
    run(Aborted.class).testEvents().assertStatistics(stats -> stats.aborted(1).failed(0));
  }
}
