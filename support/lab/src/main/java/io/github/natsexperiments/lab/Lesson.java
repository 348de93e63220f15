package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A lesson's folder.
 *
 * @param name the folder's name, for example {@code 01-basic}
 * @param profile the server it needs, see {@link LabServer#config(String)}
 */
record Lesson(String name, String profile) {
  /** The server profile of each lesson. */
  private static final Map<String, String> PROFILES =
      new TreeMap<>(
          Map.of(
              "01-basic",
              "open",
              Kit.CREDS.lesson(),
              Kit.CREDS.profile(),
              "03-jetstream",
              "open",
              "04-callbacks-errors",
              "open",
              "05-kv-store",
              "open",
              Kit.TOKEN.lesson(),
              Kit.TOKEN.profile()));

  /** For the shell's completion. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return PROFILES.keySet().iterator();
    }
  }

  /**
   * Finds a lesson.
   *
   * @param wanted {@code 01-basic}, {@code 01} or {@code 1}; null or an unknown one is a failure
   *     that lists those there are
   */
  static Lesson find(String wanted) throws Failure {
    List<Lesson> lessons =
        PROFILES.entrySet().stream()
            .map(entry -> new Lesson(entry.getKey(), entry.getValue()))
            .filter(lesson -> Files.isDirectory(root().resolve(lesson.name)))
            .toList();
    return lessons.stream()
        .filter(lesson -> wanted != null && lesson.isCalled(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new Failure(
                    ExitCode.USAGE,
                    (wanted == null ? "Which lesson?" : "No lesson \"" + wanted + "\".")
                        + " There is "
                        + String.join(", ", lessons.stream().map(Lesson::name).toList())));
  }

  private boolean isCalled(String wanted) {
    String number = name.substring(0, name.indexOf('-'));
    String name = wanted.replaceFirst("[/\\\\]$", ""); // as the shell's completion leaves it
    return name.equals(this.name) || name.equals(number) || ("0" + name).equals(number);
  }

  /** A jar of this lesson, such as {@code publisher} or {@code subscriber}. */
  Path jar(String program) throws Failure {
    Path jar = root().resolve(jarName(program));
    if (!Files.isRegularFile(jar)) {
      throw new Failure(
          ExitCode.FAILED,
          jarName(program) + " is missing: ./lab builds it, and so does mvn package");
    }
    return jar;
  }

  /** How a reader in the project's folder names a jar of this lesson. */
  String jarName(String program) {
    return name + "/target/" + program + ".jar";
  }

  /** The project's folder: this code is in its {@code support/lab/target}. */
  static Path root() {
    try {
      Path jar = Path.of(Lab.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return jar.resolve("../../../..").normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
