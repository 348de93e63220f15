package io.github.natsexperiments.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A program that {@link Program#start()} started. Each wait has a bound and fails with an {@link
 * AssertionError}; a wait for a line fails at once when the program ended without it.
 */
public final class RunningProgram implements AutoCloseable {

  /** How long a wait lasts when the caller does not say: far beyond what a busy machine needs. */
  public static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final long POLL_MILLIS = 10;

  private final String command;
  private final Path files;
  private final Process process;
  private final Output stdout;
  private final Output stderr;
  private final long started = System.nanoTime();
  private final CompletableFuture<Long> ended;

  RunningProgram(List<String> command, Path files, Process process) {
    this.command = String.join(" ", command);
    this.files = files;
    this.process = process;
    this.stdout = new Output("stdout", files.resolve("stdout"));
    this.stderr = new Output("stderr", files.resolve("stderr"));
    this.ended = process.onExit().thenApply(exited -> System.nanoTime());
  }

  /** Waits for a line on stdout that contains the text, also one already there; returns it. */
  public String waitForStdout(String text) {
    return waitForStdout(text, PATIENCE);
  }

  /** Like {@link #waitForStdout(String)}, with a bound of one's own. */
  public String waitForStdout(String text, Duration limit) {
    return waitForLine(stdout, "a line with \"" + text + "\"", line -> line.contains(text), limit);
  }

  /** Waits for a line on stdout that the predicate accepts, also one already there; returns it. */
  public String waitForStdout(Predicate<String> wanted) {
    return waitForStdout(wanted, PATIENCE);
  }

  /** Like {@link #waitForStdout(Predicate)}, with a bound of one's own. */
  public String waitForStdout(Predicate<String> wanted, Duration limit) {
    return waitForLine(stdout, "the line waited for", wanted, limit);
  }

  /**
   * Waits until there are so many lines on stdout. To count them with a predicate would count one
   * that is being written twice.
   */
  public void waitForStdoutLines(int lines, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    try (Output.Search search = stdout.search()) {
      boolean over = false;
      while (search.count() < lines) {
        if (over || System.nanoTime() > deadline) {
          throw new AssertionError(
              "%d lines instead of %d: %s".formatted(search.count(), lines, this));
        }
        over = exitsWithin(POLL_MILLIS);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for a line on stderr that contains the text, also one already there; returns it. */
  public String waitForStderr(String text) {
    return waitForStderr(text, PATIENCE);
  }

  /** Like {@link #waitForStderr(String)}, with a bound of one's own. */
  public String waitForStderr(String text, Duration limit) {
    return waitForLine(stderr, "a line with \"" + text + "\"", line -> line.contains(text), limit);
  }

  /** Waits for a line on stderr that the predicate accepts, also one already there; returns it. */
  public String waitForStderr(Predicate<String> wanted) {
    return waitForLine(stderr, "the line waited for", wanted, PATIENCE);
  }

  /** Waits for the program's end and returns its exit code. */
  public int waitForExit() {
    return waitForExit(PATIENCE);
  }

  /** Like {@link #waitForExit()}, with a bound of one's own. */
  public int waitForExit(Duration limit) {
    if (!exitsWithin(limit.toMillis())) {
      throw new AssertionError("still runs after %d ms: %s".formatted(limit.toMillis(), this));
    }
    return process.exitValue();
  }

  /** Presses Ctrl-C. */
  public void sigint() {
    signal("INT");
  }

  /** Asks the program to end, as {@code kill} and {@code docker stop} do. */
  public void sigterm() {
    signal("TERM");
  }

  /** Ends the program at once, as {@code kill -9} does. */
  public void kill() {
    process.destroyForcibly();
  }

  /**
   * Sends a signal. Windows has none: there the test is skipped from here, with the reason.
   *
   * @param name the signal's name as {@code kill} takes it, for example {@code STOP}
   */
  public void signal(String name) {
    try {
      Signals.send(name, process.pid());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** Where to write the program's input; needs {@link Program#stdinPipe()}. */
  public OutputStream stdin() {
    return process.getOutputStream();
  }

  /** What the program wrote to stdout so far. */
  public byte[] stdoutBytes() {
    return stdout.bytes();
  }

  /** What the program wrote to stderr so far. */
  public byte[] stderrBytes() {
    return stderr.bytes();
  }

  /** The lines on stdout so far, read as UTF-8. */
  public List<String> stdoutLines() {
    return stdout.lines();
  }

  /** The lines on stderr so far, read as UTF-8. */
  public List<String> stderrLines() {
    return stderr.lines();
  }

  /** Whether the program has not ended yet. */
  public boolean isRunning() {
    return process.isAlive();
  }

  /** The process id. */
  public long pid() {
    return process.pid();
  }

  /** How long the program ran, or has run until now. */
  public Duration elapsed() {
    return Duration.ofNanos((process.isAlive() ? System.nanoTime() : ended.join()) - started);
  }

  /** Stops the program and the processes it started, if any still runs; its output stays. */
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    ended.join();
  }

  /** The command and the state of the program on one line. */
  @Override
  public String toString() {
    return "%s (%s after %d ms)"
        .formatted(
            command,
            process.isAlive()
                ? "pid " + process.pid() + ", running"
                : "exit code " + process.exitValue(),
            elapsed().toMillis());
  }

  /** The command, the state and the output. */
  String report() {
    return this + "\n" + stdout.excerpt() + stderr.excerpt();
  }

  /** The directory that holds the output. */
  Path files() {
    return files;
  }

  /** Removes the output from the disk. */
  void discard() {
    try {
      for (String file : List.of("stdin", "stdout", "stderr")) {
        Files.deleteIfExists(files.resolve(file));
      }
      Files.delete(files);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String waitForLine(Output output, String what, Predicate<String> wanted, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    try (Output.Search search = output.search()) {
      while (true) {
        // Asked before reading: all that a program wrote is in the file once it has ended.
        boolean over = !process.isAlive();
        boolean late = System.nanoTime() > deadline;
        Optional<String> line = search.next(wanted);
        if (line.isPresent()) {
          return line.get();
        }
        if (over || late) {
          throw new AssertionError(
              "%s not on %s %s: %s"
                  .formatted(
                      what,
                      output.name(),
                      over ? "when the program ended" : "within " + limit.toMillis() + " ms",
                      this));
        }
        exitsWithin(POLL_MILLIS);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean exitsWithin(long millis) {
    try {
      return process.waitFor(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private AssertionError interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new AssertionError("interrupted while waiting: " + this, e);
  }
}
