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
   * @param what begins the message of a failure, with a blank at its end
   * @throws Failure exit code 4 when there is none
   */
  static String text(Path path, String what) throws Failure {
    if (Files.isDirectory(path)) {
      throw unusable(what, "is a directory: name a file in it", null);
    }
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw unusable(what, "is not a regular file, and it is read again at every connect", null);
    }
    String text;
    try (InputStream in = Files.newInputStream(path)) {
      text = new String(in.readNBytes(LONGEST), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw unusable(what, "does not exist: name another one, or make it with issuer.jar", e);
    } catch (IOException e) {
      throw unusable(what, "cannot be read by you (" + e.getClass().getSimpleName() + ")", e);
    }
    if (text.isBlank()) {
      throw unusable(what, "is empty", null);
    }
    return text;
  }

  private static Failure unusable(String what, String why, IOException e) {
    return new Failure(ExitCode.NOT_AUTHORISED, what + why, e);
  }

  /** Whether others than its owner may read or write a file; always false on Windows. */
  static boolean isOpenToOthers(Path path) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(path))
          .substring(3)
          .matches(".*[rw].*");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
