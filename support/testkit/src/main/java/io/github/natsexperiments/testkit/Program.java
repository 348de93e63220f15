package io.github.natsexperiments.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A program as a reader starts it: a jar in a process of its own.
 *
 * <pre>{@code
 * RunningProgram subscriber = Program.jar("subscriber").args("-s", server.url(), "-n", 3).start();
 * subscriber.waitForStderr("Waiting for messages");
 * RunningProgram publisher = Program.jar("publisher").args("-s", server.url(), "-n", 3).start();
 * assertThat(publisher.waitForExit()).isZero();
 * }</pre>
 *
 * <p>It sees the environment of the tests without what would lead it to another server ({@code
 * NATS_*}) or add lines to its output ({@code JAVA_TOOL_OPTIONS} and its like). When the test ends
 * the program is stopped, and when the test failed its output is part of the failure.
 */
public final class Program {

  private static final List<String> NOT_INHERITED =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

  private final List<String> jvm = new ArrayList<>();
  private final List<String> program = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private Path directory = Path.of("").toAbsolutePath();
  private byte[] stdin = {};
  private boolean stdinPipe;

  private Program() {}

  /**
   * A jar of the module under test.
   *
   * @param name {@code publisher} for {@code target/publisher.jar}
   */
  public static Program jar(String name) {
    return jar(Path.of("target", name + ".jar"));
  }

  /**
   * What a program says last of wrong usage: a command that can be typed in any folder, also in one
   * with a blank in its path.
   *
   * @param name that of {@link #jar(String)}
   */
  public static String seeHelp(String name) {
    String jar = Path.of("target", name + ".jar").toAbsolutePath().toString();
    return "See java -jar " + (jar.contains(" ") ? '"' + jar + '"' : jar) + " --help";
  }

  /**
   * Any jar, run with the java that runs the tests, and with the JVM options in the system property
   * {@code program.jvm}, if there are any: the build names those with which a short run is
   * quickest.
   *
   * @param jar the jar's path
   */
  public static Program jar(Path jar) {
    if (!Files.isRegularFile(jar)) {
      throw new IllegalStateException(jar + " is missing; `mvn package` builds it");
    }
    Program program = new Program();
    program.jvm.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String options = System.getProperty("program.jvm", "");
    Stream.of(options.split(" ")).filter(option -> !option.isBlank()).forEach(program.jvm::add);
    program.program.addAll(List.of("-jar", jar.toAbsolutePath().toString()));
    return program;
  }

  /**
   * Any command, found on the PATH.
   *
   * @param command the command and its arguments
   */
  public static Program command(String... command) {
    Program program = new Program();
    program.program.addAll(List.of(command));
    return program;
  }

  /**
   * Adds arguments.
   *
   * @param args each becomes one argument, as its text
   */
  public Program args(Object... args) {
    Stream.of(args).map(String::valueOf).forEach(program::add);
    return this;
  }

  /**
   * Adds options of the JVM, which stand before {@code -jar}.
   *
   * @param args for example {@code -Xmx64m}
   */
  public Program jvmArgs(String... args) {
    jvm.addAll(List.of(args));
    return this;
  }

  /** Sets an environment variable of the program. */
  public Program env(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** What the program reads from its standard input, in UTF-8; nothing when not called. */
  public Program stdin(String text) {
    return stdin(text.getBytes(StandardCharsets.UTF_8));
  }

  /** What the program reads from its standard input; nothing when not called. */
  public Program stdin(byte[] bytes) {
    stdin = bytes.clone();
    return this;
  }

  /** Keeps standard input open, to be written through {@link RunningProgram#stdin()}. */
  public Program stdinPipe() {
    stdinPipe = true;
    return this;
  }

  /** The program's working directory; that of the tests when not called. */
  public Program directory(Path directory) {
    this.directory = directory;
    return this;
  }

  /** Starts the program; what to wait for is the caller's to say. */
  public RunningProgram start() {
    List<String> command = Stream.concat(jvm.stream(), program.stream()).toList();
    try {
      Path files = Files.createTempDirectory("program-");
      // Files, not pipes: a million lines need no memory, no thread, and never make the program
      // wait.
      ProcessBuilder builder =
          new ProcessBuilder(Signals.withInterrupt(command))
              .directory(directory.toFile())
              .redirectInput(
                  stdinPipe
                      ? Redirect.PIPE
                      : Redirect.from(Files.write(files.resolve("stdin"), stdin).toFile()))
              .redirectOutput(files.resolve("stdout").toFile())
              .redirectError(files.resolve("stderr").toFile());
      builder
          .environment()
          .keySet()
          .removeIf(name -> name.startsWith("NATS_") || NOT_INHERITED.contains(name));
      builder.environment().putAll(environment);
      return ProgramsExtension.register(new RunningProgram(command, files, builder.start()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + String.join(" ", command), e);
    }
  }
}
