package io.github.natsexperiments.lab;

import static io.github.natsexperiments.lab.LabProcess.withServer;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The lab in a copy of the project in which a lesson has issued nothing yet. */
abstract class WithoutAKit {
  private final String lesson;

  /** The copy. */
  @TempDir protected Path project;

  WithoutAKit(String lesson) {
    this.lesson = lesson;
  }

  @BeforeEach
  void copyTheJars() throws IOException {
    for (String name :
        List.of(
            "support/lab/target/lab.jar",
            lesson + "/target/issuer.jar",
            lesson + "/target/publisher.jar",
            lesson + "/target/subscriber.jar")) {
      Path jar = project.resolve(name);
      Files.createDirectories(jar.getParent());
      Files.copy(Path.of("..", "..").resolve(name), jar);
    }
  }

  final RunningProgram lab(Object... args) {
    return withServer(Program.jar(project.resolve("support/lab/target/lab.jar")))
        .directory(project)
        .args(args)
        .start();
  }
}
