package io.github.natsexperiments.pages;

import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionTimeoutException;

/**
 * One of the reader's terminals: what is typed into it, and what it shows. A command is a process
 * group of its own, as a shell with job control makes it, so that Ctrl-C reaches all of it.
 */
final class Terminal implements AutoCloseable {

  /** For any one command: far beyond what a busy machine needs. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** For any output. */
  private static final Duration OUTPUT_LIMIT = Duration.ofSeconds(30);

  private static final Duration POLL = Duration.ofMillis(20);
  private static final int CTRL_C = 130;

  /**
   * Both streams in one, as they come; and a shell that outlives Ctrl-C, for as long as the command
   * in front of it drains.
   */
  private static final String SHELL = "exec 2>&1; trap : INT\n";

  private final Path folder;
  private final Map<String, String> environment;

  /** The commands of one block. The last one may still run. */
  private final List<RunningProgram> commands = new ArrayList<>();

  private OptionalInt exit = OptionalInt.empty();

  /** Where what is typed goes; null when the command has no terminal of the system. */
  private OutputStream keys;

  private Map<String, Integer> read = new HashMap<>();

  /**
   * @param folder where the reader is
   * @param environment what the reader has set
   */
  Terminal(Path folder, Map<String, String> environment) {
    this.folder = folder;
    this.environment = environment;
  }

  /** A command did not do what its page says. */
  static final class Surprise extends Exception {
    private static final long serialVersionUID = 1;

    Surprise(String what) {
      super(what);
    }
  }

  /**
   * Begins a new block: what still runs is stopped first.
   *
   * @param exit the code with which its commands must end; empty: 0, or as Ctrl-C ends them
   */
  void begin(OptionalInt exit) throws Surprise {
    end();
    commands.forEach(RunningProgram::close);
    commands.clear();
    read = new HashMap<>();
    this.exit = exit;
  }

  /** Types a command and waits until it shows something; it may go on. */
  void type(String line) throws Surprise {
    start(Program.command("setsid", "sh", "-c", SHELL + line));
  }

  /**
   * The same for a command that asks: it takes no answer from a pipe, so it gets a terminal of the
   * system.
   *
   * @param answer what the reader types, or pastes, when the command has asked
   */
  void type(String line, String answer) throws Surprise {
    start(Program.command("script", "-qec", line, "/dev/null").stdinPipe());
    keys = current().stdin();
    press(answer + "\n");
  }

  private void start(Program program) throws Surprise {
    environment.forEach(program::env);
    RunningProgram command = program.directory(folder).start();
    commands.add(command);
    keys = null;
    waitFor("shows nothing", () -> !command.isRunning() || command.stdoutBytes().length > 0);
  }

  private RunningProgram current() {
    return commands.get(commands.size() - 1);
  }

  /** Waits for the end of the command, and checks how it ended. */
  void waitForEnd() throws Surprise {
    waitForEnd(Set.of(exit.orElse(0)));
  }

  /** Presses Ctrl-C, and waits for the end of what runs. */
  void ctrlC() throws Surprise {
    if (commands.isEmpty() || !current().isRunning()) {
      throw new Surprise("nothing runs that Ctrl-C could stop");
    }
    interrupt();
    exit = OptionalInt.of(CTRL_C);
    waitForEnd();
  }

  /** Waits for a command that has to end by itself, stops another one, and checks how it ended. */
  void end() throws Surprise {
    if (commands.isEmpty()) {
      return;
    }
    if (exit.isEmpty() && current().isRunning()) {
      interrupt();
      waitForEnd(Set.of(CTRL_C, 0)); // it may have been about to end
    } else {
      waitForEnd();
    }
  }

  private void waitForEnd(Set<Integer> wanted) throws Surprise {
    RunningProgram command = current();
    waitFor("still runs", () -> !command.isRunning());
    int code = command.waitForExit();
    if (!wanted.contains(code)) {
      String not =
          wanted.stream().map(String::valueOf).sorted().collect(Collectors.joining(" or "));
      throw new Surprise("ended with exit code %d, not %s".formatted(code, not));
    }
  }

  private void interrupt() {
    if (keys != null) {
      press("\3");
    } else {
      RunningProgram kill = Program.command("sh", "-c", "kill -INT -" + current().pid()).start();
      kill.waitForExit();
    }
  }

  private void press(String text) {
    try {
      keys.write(text.getBytes(StandardCharsets.UTF_8));
      keys.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Waits until the expected lines are there, behind those that were found before.
   *
   * @return the index of the first line that is not there, -1 when all are
   */
  int waitForOutput(List<String> expected) {
    Expected.Result[] result = new Expected.Result[1];
    BooleanSupplier isOver =
        () -> {
          boolean ended = commands.stream().noneMatch(RunningProgram::isRunning);
          result[0] = Expected.find(expected, output(), read);
          return result[0].isAll() || ended;
        };
    try {
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(POLL)
          .atMost(OUTPUT_LIMIT)
          .until(isOver::getAsBoolean);
    } catch (ConditionTimeoutException e) {
      // The result shows it.
    }
    read = result[0].ends();
    return result[0].missing();
  }

  /** All that the commands of this block have shown so far. */
  List<String> output() {
    return commands.stream().flatMap(command -> command.stdoutLines().stream()).toList();
  }

  private static void waitFor(String otherwise, BooleanSupplier condition) throws Surprise {
    try {
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(POLL)
          .atMost(LIMIT)
          .until(condition::getAsBoolean);
    } catch (ConditionTimeoutException e) {
      throw new Surprise(otherwise + " after " + LIMIT.toSeconds() + " s");
    }
  }

  /** Ends everything at once, whatever its state. */
  @Override
  public void close() {
    commands.forEach(RunningProgram::close);
  }
}
