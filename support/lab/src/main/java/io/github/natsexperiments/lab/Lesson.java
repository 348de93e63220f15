package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** The lessons, and what each needs. */
enum Lesson {
  BASIC("01-basic", "basic", "open", Keeps.NOTHING),
  CREDS("02-creds-auth", "creds", "creds", Keeps.NOTHING),
  JETSTREAM("03-jetstream", "jetstream", "open", Keeps.STREAM),
  CALLBACKS("04-callbacks-errors", "callbacks", "open", Keeps.STREAM),
  KV("05-kv-store", "keyvalue", "open", Keeps.BUCKET),
  TOKEN("06-kv-token", "token", "token", Keeps.BUCKET);

  /** Where the server keeps the lesson's messages. */
  enum Keeps {
    NOTHING,
    STREAM,
    BUCKET
  }

  final String folder;

  /** The last part of its Java package's name. */
  final String javaPackage;

  /** The server it needs, see {@link LabServer#config(String)}. */
  final String profile;

  final Keeps keeps;

  Lesson(String folder, String javaPackage, String profile, Keeps keeps) {
    this.folder = folder;
    this.javaPackage = javaPackage;
    this.profile = profile;
    this.keeps = keeps;
  }

  /** For the shell's completion. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.of(values()).map(lesson -> lesson.folder).iterator();
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
        Stream.of(values()).filter(l -> Files.isDirectory(root().resolve(l.folder))).toList();
    return lessons.stream()
        .filter(lesson -> wanted != null && lesson.isCalled(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new Failure(
                    ExitCode.USAGE,
                    (wanted == null ? "Which lesson?" : "No lesson \"" + wanted + "\".")
                        + " There is "
                        + String.join(
                            ", ", lessons.stream().map(lesson -> lesson.folder).toList())));
  }

  private boolean isCalled(String wanted) {
    String number = folder.substring(0, folder.indexOf('-'));
    String name = wanted.replaceFirst("[/\\\\]$", ""); // as the shell's completion leaves it
    return name.equals(folder) || name.equals(number) || ("0" + name).equals(number);
  }

  /** Where a jar of this lesson is once it is built, as one types it in the current folder. */
  Path jar(String program) {
    return seenFromHere(root().resolve(folder).resolve("target").resolve(program + ".jar"));
  }

  /** The same jar, which must be there. */
  Path builtJar(String program) throws Failure {
    if (!Files.isRegularFile(jar(program))) {
      throw new Failure(
          ExitCode.FAILED, jar(program) + " is missing: ./lab builds it, and so does mvn package");
    }
    return jar(program);
  }

  /** A file of the project as one types it in the folder one is in. */
  static Path seenFromHere(Path file) {
    Path here = Path.of("").toAbsolutePath();
    return file.startsWith(here) ? here.relativize(file) : file;
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
