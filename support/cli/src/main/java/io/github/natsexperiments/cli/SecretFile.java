package io.github.natsexperiments.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A file with a secret: what can be wrong with it, and whether others can read it. */
final class SecretFile {
  private static final int LONGEST = 1 << 20;

  private SecretFile() {}

  /**
   * The text of a file, whole.
   *
   * @param kind begins the message of a failure: {@code Token}
   * @throws Failure exit code 4 when there is none
   */
  static String text(String kind, Path path) throws Failure {
    String why;
    try {
      if (Files.isDirectory(path)) {
        why = "is a directory: name a file in it";
      } else if (Files.exists(path) && !Files.isRegularFile(path)) {
        why = "is not a regular file, and it is read again at every connect";
      } else {
        try (InputStream in = Files.newInputStream(path)) {
          String text = new String(in.readNBytes(LONGEST), StandardCharsets.UTF_8);
          if (!text.isBlank()) {
            return text;
          }
          why = "is empty";
        }
      }
    } catch (NoSuchFileException e) {
      why = "does not exist: name another one, or make it with issuer.jar";
    } catch (IOException e) {
      why = "cannot be read by you (" + e.getClass().getSimpleName() + ")";
    }
    throw new Failure(ExitCode.NOT_AUTHORISED, kind + " file " + path + " " + why);
  }

  /** The line after so many lines that begin with a dash, or the first word; as jnats reads it. */
  static String after(int headers, String text) {
    int seen = 0;
    for (String line : text.split("[\r\n]")) {
      String word = line.replaceAll("\\s", "");
      if (line.startsWith("-")) {
        seen++;
      } else if (seen == headers && !word.isEmpty()) {
        return word;
      }
    }
    return headers == 1 ? text.strip().split("\\s")[0] : "";
  }

  /** Whether others than its owner may read or write a file; always false on Windows. */
  static boolean isOpenToOthers(Path path) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(path))
          .matches("...(.*[rw].*)");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
