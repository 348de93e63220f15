package io.github.natsexperiments.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** The folder with the lessons, in which an issuer writes unless somebody names another one. */
public final class Checkout {
  private Checkout() {}

  /**
   * A folder of a lesson.
   *
   * @throws Failure exit code 2 outside of the checkout: a program does not make a lesson's folder
   */
  public static Path folder(String lesson, String name) throws Failure {
    if (!Files.isDirectory(Path.of(lesson))) {
      throw new Failure(
          ExitCode.USAGE,
          "There is no folder %s in %s: start this where it is, or say where to write with --out DIR"
              .formatted(lesson, Path.of("").toAbsolutePath()));
    }
    return Path.of(lesson, name);
  }
}
