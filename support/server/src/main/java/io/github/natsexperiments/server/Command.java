package io.github.natsexperiments.server;

import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Runs a program to its end, with a bound. */
final class Command {
  /** Errno ETXTBSY: another thread's new process holds a just written file open for a moment. */
  private static final String TEXT_FILE_BUSY = "error=26,";

  private static final int BUSY_TRIES = 50;

  private Command() {}

  /** Runs a program in the current folder. */
  static String run(List<String> command, Duration limit) throws IOException {
    return run(command, Path.of(""), limit);
  }

  /**
   * Runs a program and returns what it printed, stdout and stderr together, stripped.
   *
   * @throws IOException when it cannot be started, fails, or does not end in time; the message ends
   *     with its last line
   */
  static String run(List<String> command, Path folder, Duration limit) throws IOException {
    String name = Path.of(command.get(0)).getFileName().toString();
    // Not a pipe: a grandchild that keeps one open would hold us up.
    Path log = Files.createTempFile("nats-experiments-", ".log");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(folder.toAbsolutePath().toFile())
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(nullDevice()))
              .redirectOutput(log.toFile());
      builder.environment().put("LC_ALL", "C");
      Process process = start(builder);
      try {
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new IOException(name + " did not end within " + limit.toSeconds() + " s");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while " + name + " ran");
      } finally {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
      String output = new String(Files.readAllBytes(log), StandardCharsets.UTF_8).strip();
      if (process.exitValue() != 0) {
        String line = output.substring(output.lastIndexOf('\n') + 1);
        throw new IOException(name + " ended with exit code " + process.exitValue() + ": " + line);
      }
      return output;
    } finally {
      Files.deleteIfExists(log);
    }
  }

  static Process start(ProcessBuilder builder) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        return builder.start();
      } catch (IOException e) {
        if (attempt == BUSY_TRIES || !e.getMessage().contains(TEXT_FILE_BUSY)) {
          throw e;
        }
        LockSupport.parkNanos(1_000_000);
      }
    }
  }

  static File nullDevice() {
    return new File(Platform.WINDOWS ? "NUL" : "/dev/null");
  }
}
