package io.github.natsexperiments.testkit;

import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * Looks after the programs of a test: stops them when it ends, shows their output when it failed,
 * and fails it when the JVM has warned of something deprecated or restricted. On Windows a test
 * that needs a signal is skipped. JUnit finds it by itself, through {@code
 * junit-platform.properties} and {@code META-INF/services} of this module, so that no test can
 * forget it.
 */
public final class ProgramsExtension
    implements BeforeAllCallback,
        BeforeEachCallback,
        AfterEachCallback,
        AfterAllCallback,
        TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler {

  /** How newer JDKs begin to warn that something is deprecated or restricted. */
  private static final String JVM_WARNING = "WARNING: ";

  /** The programs of the class, then those of a nested class, last those of the running test. */
  private static final Deque<List<RunningProgram>> SCOPES = new ConcurrentLinkedDeque<>();

  static {
    // A test run that is interrupted leaves no program behind either.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> SCOPES.forEach(ProgramsExtension::stop)));
    open();
  }

  static RunningProgram register(RunningProgram program) {
    SCOPES.getLast().add(program);
    return program;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    open();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    open();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    stop(SCOPES.removeLast());
  }

  @Override
  public void afterAll(ExtensionContext context) {
    stop(SCOPES.removeLast());
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    throw withOutput(thrown);
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    throw withOutput(thrown);
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    throw withOutput(thrown);
  }

  @Override
  public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    throw withOutput(thrown);
  }

  @Override
  public void handleAfterAllMethodExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    throw withOutput(thrown);
  }

  private static void open() {
    SCOPES.addLast(new CopyOnWriteArrayList<>());
  }

  private static void stop(List<RunningProgram> programs) {
    programs.forEach(RunningProgram::close);
    List<String> warnings =
        programs.stream()
            .flatMap(program -> program.stderrLines().stream())
            .filter(line -> line.startsWith(JVM_WARNING))
            .toList();
    programs.forEach(RunningProgram::discard);
    programs.clear();
    if (!warnings.isEmpty()) {
      throw new AssertionError("the JVM warns:\n" + String.join("\n", warnings));
    }
  }

  /** The same failure, its message followed by what every program wrote. */
  private static Throwable withOutput(Throwable thrown) {
    if (OS.WINDOWS.isCurrentOs() && needsSignal(thrown)) {
      return new TestAbortedException(thrown.getMessage(), thrown);
    }
    String output =
        SCOPES.stream()
            .flatMap(List::stream)
            .map(program -> "\n--- " + program.report())
            .collect(Collectors.joining());
    if (output.isEmpty() || thrown instanceof TestAbortedException) {
      return thrown;
    }
    String message = thrown instanceof AssertionError ? thrown.getMessage() : thrown.toString();
    AssertionError failure = new AssertionError(message + "\n" + output, thrown.getCause());
    failure.setStackTrace(thrown.getStackTrace());
    for (Throwable suppressed : thrown.getSuppressed()) {
      failure.addSuppressed(suppressed);
    }
    return failure;
  }

  private static boolean needsSignal(Throwable thrown) {
    return thrown instanceof UnsupportedOperationException
        && String.valueOf(thrown.getMessage()).startsWith(Signals.NOT_ON_WINDOWS);
  }
}
