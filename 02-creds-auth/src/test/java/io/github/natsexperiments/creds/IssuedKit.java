package io.github.natsexperiments.creds;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A kit that issuer.jar has issued for a test class; it is gone when the JVM of the tests ends. */
final class IssuedKit {
  private final Path folder;

  private IssuedKit(Path folder) {
    this.folder = folder;
  }

  /** Not by the test kit: what a failed test shows shall be about the test. */
  static IssuedKit issue() {
    try {
      IssuedKit kit = new IssuedKit(Files.createTempDirectory("kit-"));
      // Not after the class: a test that failed may be run once more.
      Runtime.getRuntime().addShutdownHook(new Thread(kit::delete));
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      Process issuer =
          new ProcessBuilder(java, "-jar", "target/issuer.jar", "--out", kit.folder.toString())
              .redirectOutput(Redirect.DISCARD)
              .redirectError(Redirect.DISCARD)
              .start();
      assertThat(issuer.waitFor()).isZero();
      return kit;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs issuer.jar on this kit, successfully. */
  RunningProgram issuer(Object... args) {
    RunningProgram issuer = Program.jar("issuer").args("--out", folder).args(args).start();
    assertThat(issuer.waitForExit()).isZero();
    return issuer;
  }

  /** A file of the kit. */
  Path file(String name) {
    return folder.resolve(name);
  }

  /** The configuration as it is now. */
  ServerConfig serverConf() {
    try {
      return new ServerConfig("creds", Files.readString(file("server.conf")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The publisher as a user of this kit, not started yet. */
  Program publisher(RunningServer server, String user, Object... args) {
    return program("publisher", server, user, args);
  }

  /** The subscriber as a user of this kit, not started yet. */
  Program subscriber(RunningServer server, String user, Object... args) {
    return program("subscriber", server, user, args);
  }

  private Program program(String jar, RunningServer server, String user, Object... args) {
    return Program.jar(jar)
        .env("NATS_URL", server.url())
        .args("--creds", file(user + ".creds"))
        .args(args);
  }

  /** Starts a subscriber and waits until the server knows of its subscription. */
  static RunningProgram waiting(Program subscriber) {
    RunningProgram running = subscriber.start();
    running.waitForStderr("Waiting for messages");
    return running;
  }

  /** The program ends with this code, and its last word is an ERROR line with these parts. */
  static void failsWith(int exitCode, RunningProgram program, String... parts) {
    assertThat(program.waitForExit()).isEqualTo(exitCode);
    List<String> errors =
        program.stderrLines().stream().filter(line -> line.startsWith("ERROR")).toList();
    assertThat(errors).hasSize(1);
    assertThat(List.of(parts)).allSatisfy(part -> assertThat(errors.get(0)).contains(part));
    assertThat(program.stderrLines()).endsWith(errors.get(0));
  }

  private void delete() {
    try (Stream<Path> walk = Files.walk(folder)) {
      walk.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
