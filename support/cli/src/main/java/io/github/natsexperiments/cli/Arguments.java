package io.github.natsexperiments.cli;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The command line in UTF-8, whatever the locale. */
final class Arguments {
  private Arguments() {}

  /**
   * The JVM decodes the arguments of {@code main} in the locale's charset: with {@code LANG=C}
   * every Cyrillic letter is lost before the program begins. Linux still has the bytes.
   *
   * @param args as {@code main} got them; the arguments of the process end with them
   */
  static String[] inUtf8(String[] args) {
    String charset = System.getProperty("sun.jnu.encoding", "UTF-8");
    if (args.length == 0 || Charset.forName(charset).equals(StandardCharsets.UTF_8)) {
      return args;
    }
    try {
      String commandLine =
          new String(Files.readAllBytes(Path.of("/proc/self/cmdline")), StandardCharsets.UTF_8);
      String[] all = commandLine.split("\0", -1); // the last one is empty: every argument ends in 0
      return Arrays.copyOfRange(all, all.length - 1 - args.length, all.length - 1);
    } catch (IOException e) {
      return args; // no such file: macOS and Windows do not lose the letters
    }
  }
}
