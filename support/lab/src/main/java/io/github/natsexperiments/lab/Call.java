package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.Failure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a program of a lesson is started.
 *
 * @param name {@link Pair#PUBLISHER} or {@link Pair#SUBSCRIBER}
 * @param words what comes after {@code java}, for a reader who is in the same folder
 * @param environment variables that it needs
 */
record Call(String name, List<String> words, Map<String, String> environment) {

  /** The lesson's own program. */
  static Call lesson(Lesson lesson, String program, String url, List<String> arguments)
      throws Failure, IOException {
    String jar = lesson.builtJar(program).toString();
    return of(program, List.of("-jar", jar, "--server", url), arguments, Map.of());
  }

  /**
   * The plain program, which is in the same jar.
   *
   * @param arguments how many messages, and for a publisher the milliseconds between two; none of
   *     them: for ever, one a second
   */
  static Call plain(Lesson lesson, String program, String url, List<String> arguments)
      throws Failure, IOException {
    String main =
        Lab.class.getPackageName().replaceFirst("[^.]+$", lesson.javaPackage)
            + (program.equals(Pair.PUBLISHER) ? ".PlainPublisher" : ".PlainSubscriber");
    List<String> words =
        new ArrayList<>(List.of("-cp", lesson.builtJar(program).toString(), main, url));
    Kit kit = Kit.of(lesson.profile);
    if (kit == Kit.CREDS) {
      words.add(kit.option(program).get(1));
    }
    return of(
        program, words, arguments, kit == Kit.TOKEN ? Map.of("NATS_TOKEN", kit.token()) : Map.of());
  }

  private static Call of(
      String program, List<String> start, List<String> rest, Map<String, String> environment) {
    List<String> words = new ArrayList<>(start);
    words.addAll(rest);
    return new Call(program, words, environment);
  }

  /** The process, not started yet: with the java that runs this one. */
  ProcessBuilder process() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx64m"));
    command.addAll(words);
    ProcessBuilder process = new ProcessBuilder(command);
    process.environment().putAll(environment);
    return process;
  }

  /** As a reader would type it; a token is not shown. */
  @Override
  public String toString() {
    String file = shown(Kit.TOKEN.file("token"));
    return (environment.isEmpty() ? "" : "NATS_TOKEN=$(cat " + file + ") ")
        + "java "
        + shown(words.toArray());
  }

  /** Words as a shell wants them typed. */
  static String shown(Object... words) {
    return Stream.of(words)
        .map(Object::toString)
        .map(w -> w.matches("[\\w./:=,@%+-]+") ? w : "'" + w.replace("'", "'\\''") + "'")
        .collect(Collectors.joining(" "));
  }
}
