package io.github.natsexperiments.pages;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Asks the very jars which options they have. */
class PageOptionsIT {

  private static final Path LAB = Course.ROOT.resolve("support/lab/target/lab.jar");
  private static final List<String> LAB_COMMANDS = List.of("run", "server", "info");

  @Test
  void pagesNameTheOptionsThatThereAre() throws IOException {
    Programs programs = programs();
    List<Problem> problems = new ArrayList<>();
    for (Page page : Course.allPages()) {
      OptionCheck.problems(page, programs).forEach(problems::add);
    }
    assertThat(problems).isEmpty();
  }

  private static Programs programs() throws IOException {
    Map<String, RunningProgram> asked = new TreeMap<>();
    asked.put(Programs.LAB, Program.jar(LAB).args("--help").start());
    for (String command : LAB_COMMANDS) {
      asked.put(Programs.LAB + " " + command, Program.jar(LAB).args(command, "--help").start());
    }
    for (Path lesson : Course.lessons()) {
      for (Path jar : ReadersFolder.jars(lesson.resolve("target"))) {
        String name = Course.ROOT.relativize(jar).toString().replaceFirst("\\.jar$", "");
        asked.put(name, Program.jar(jar).args("--help").start());
      }
    }
    Map<String, String> help = new TreeMap<>();
    asked.forEach(
        (name, program) -> {
          assertThat(program.waitForExit()).as(name).isZero();
          help.put(name, String.join("\n", program.stdoutLines()));
        });
    return Programs.of(help);
  }
}
