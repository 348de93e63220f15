package io.github.natsexperiments.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.OS;

/** Sends signals to processes, which Java can only for SIGTERM and SIGKILL. */
final class Signals {

  /** How the message begins wherever a signal is asked for that Windows does not have. */
  static final String NOT_ON_WINDOWS = "Windows has no signal ";

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int SIGINT = 2;

  private Signals() {}

  static void send(String signal, long pid) throws IOException, InterruptedException {
    if (OS.WINDOWS.isCurrentOs()) {
      throw new UnsupportedOperationException(NOT_ON_WINDOWS + signal);
    }
    Process kill =
        new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
            .redirectErrorStream(true)
            .start();
    String said = new String(kill.getInputStream().readAllBytes());
    if (kill.waitFor() != 0) {
      throw new IOException("kill -" + signal + " " + pid + ": " + said.strip());
    }
  }

  /**
   * The command, such that it can be interrupted. A shell without job control, as in most CI
   * systems, starts its background commands with SIGINT ignored; every process below inherits that,
   * and a JVM that finds SIGINT ignored leaves it so: Ctrl-C would do nothing. {@code env} of
   * coreutils 8.31 and newer gives the signal its default meaning back and becomes the command.
   */
  static List<String> withInterrupt(List<String> command) throws IOException {
    return isInterruptIgnored()
        ? Stream.concat(Stream.of("env", "--default-signal=INT"), command.stream()).toList()
        : command;
  }

  private static boolean isInterruptIgnored() throws IOException {
    if (!Files.isReadable(STATUS)) {
      return false;
    }
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .map(line -> Long.parseUnsignedLong(line.substring("SigIgn:".length()).strip(), 16))
        .anyMatch(ignored -> (ignored & 1L << SIGINT - 1) != 0);
  }
}
