package io.github.natsexperiments.cli;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/** The command line and the environment in UTF-8, whatever the locale. */
final class Arguments {
  private Arguments() {}

  /**
   * The JVM decodes the arguments of {@code main} in the locale's charset: with {@code LANG=C}
   * every Cyrillic letter is lost before the program begins. Linux still has the bytes.
   *
   * @param args as {@code main} got them; the arguments of the process end with them
   */
  static String[] inUtf8(String[] args) {
    String[] all = raw("cmdline");
    return all == null || args.length == 0
        ? args
        : Arrays.copyOfRange(all, all.length - args.length, all.length);
  }

  /** A variable of the environment, which the JVM decodes in the same way; null without it. */
  static String environment(String name) {
    String decoded = System.getenv(name);
    String[] all = decoded == null ? null : raw("environ");
    return Stream.of(all == null ? new String[0] : all)
        .filter(variable -> variable.startsWith(name + "="))
        .map(variable -> variable.substring(name.length() + 1))
        .findFirst()
        .orElse(decoded);
  }

  /** What Linux knows of this process; null where the JVM has it right. */
  private static String[] raw(String file) {
    String charset = System.getProperty("sun.jnu.encoding", "UTF-8");
    if (Charset.forName(charset).equals(StandardCharsets.UTF_8)) {
      return null;
    }
    try {
      byte[] bytes = Files.readAllBytes(Path.of("/proc/self", file));
      String text = new String(bytes, StandardCharsets.UTF_8);
      return text.substring(0, Math.max(0, text.length() - 1)).split("\0", -1); // each ends in 0
    } catch (IOException e) {
      return null; // no such file: macOS and Windows do not lose the letters
    }
  }
}
