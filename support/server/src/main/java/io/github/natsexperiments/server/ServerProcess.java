package io.github.natsexperiments.server;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One life of a nats-server: its process and what that prints. Safe for use by any thread. */
final class ServerProcess {
  /** How long a signal may take to show its effect. */
  static final Duration SIGNAL_LIMIT = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(ServerProcess.class);
  private static final long POLL_MILLIS = 10;

  interface Condition {
    boolean isMet() throws IOException;
  }

  private final Process process;
  private final ServerOutput output;

  private ServerProcess(Process process) {
    this.process = process;
    this.output = new ServerOutput(process.inputReader());
  }

  /**
   * Starts the process, in a session of its own where the command {@code setsid} exists: it becomes
   * the command it is given, so that the process id is the server's.
   */
  static ServerProcess start(Path executable, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    Stream.of("/usr/bin/setsid", "/bin/setsid")
        .filter(setsid -> Files.exists(Path.of(setsid)))
        .findFirst()
        .ifPresent(command::add);
    command.add(executable.toString());
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Command.nullDevice()));
    return new ServerProcess(Command.start(builder));
  }

  ServerOutput output() {
    return output;
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Kills, also a paused server, and waits for the end. An interrupt ends the wait. */
  void end() {
    process.destroyForcibly();
    try {
      if (!process.waitFor(SIGNAL_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("nats-server (process {}) does not die", process.pid());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends the signal of that name, which no Java method sends. */
  void signal(String name) throws IOException {
    if (Platform.WINDOWS) {
      throw new UnsupportedOperationException("Windows has no signal " + name);
    }
    // The shell's own kill: small systems have no program of that name.
    Command.run(List.of("/bin/sh", "-c", "kill -" + name + " " + process.pid()), SIGNAL_LIMIT);
  }

  /** Every thread has to be stopped; only Linux shows that, other systems are trusted. */
  boolean isPaused() throws IOException {
    Path tasks = Path.of("/proc", Long.toString(process.pid()), "task");
    if (!Files.isDirectory(tasks)) {
      return true;
    }
    try (Stream<Path> list = Files.list(tasks)) {
      for (Path task : list.toList()) {
        if (!Files.readString(task.resolve("stat")).contains(") T ")) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Waits for a condition. What the condition throws ends the wait.
   *
   * @param failure what the exception says when it is not met in time
   */
  void await(String failure, Duration limit, Condition condition) throws IOException {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.isMet()) {
      if (System.nanoTime() > end) {
        throw new IOException(
            "%s within %d s: %s".formatted(failure, limit.toSeconds(), output.error()));
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for a nats-server");
      }
    }
  }
}
