package io.github.natsexperiments.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
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
  void pagesNameTheOptionsThatThereAre() throws IOException, InterruptedException {
    Programs programs = programs();
    List<Problem> problems = new ArrayList<>();
    for (Page page : Course.allPages()) {
      OptionCheck.problems(page, programs).forEach(problems::add);
    }
    assertThat(problems).isEmpty();
  }

  private static Programs programs() throws IOException, InterruptedException {
    Map<String, String> help = new TreeMap<>();
    help.put(Programs.LAB, help(LAB));
    for (String command : LAB_COMMANDS) {
      help.put(Programs.LAB + " " + command, help(LAB, command));
    }
    for (Path lesson : Course.lessons()) {
      for (Path jar : ReadersFolder.jars(lesson.resolve("target"))) {
        help.put(Course.ROOT.relativize(jar).toString().replaceFirst("\\.jar$", ""), help(jar));
      }
    }
    return Programs.of(help);
  }

  /** Not through the test kit, which would put all these texts below a failure. */
  private static String help(Path jar, String... command) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-XX:TieredStopAtLevel=1", "-jar", jar.toString()));
    line.addAll(List.of(command));
    line.add("--help");
    Process process = new ProcessBuilder(line).redirectError(Redirect.INHERIT).start();
    String help = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("exit code of " + line).isZero();
    return help;
  }
}
