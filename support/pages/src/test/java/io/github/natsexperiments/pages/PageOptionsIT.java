package io.github.natsexperiments.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Asks the very jars which options they have. */
@Tag("soak")
class PageOptionsIT {

  private static final Path LAB = Course.ROOT.resolve("support/lab/target/lab.jar");
  private static final Pattern TYPED = Pattern.compile("class=\"typed[^>]*>([^<]*)</text>");
  private static final Pattern COMMAND = Pattern.compile("\\$ java -jar (\\S+)\\.jar([^$^]*)");
  private static final Pattern OPTION = Pattern.compile("(?<= )(--[a-z][a-z-]*|-[a-z])(?= |$)");
  private static final List<String> LAB_COMMANDS = List.of("run", "break", "server", "info");

  @Test
  void pagesNameTheOptionsThatThereAre() throws IOException, InterruptedException {
    Programs programs = programs();
    List<Problem> problems = new ArrayList<>();
    for (Page page : Course.allPages()) {
      OptionCheck.problems(page, programs).forEach(problems::add);
    }
    assertThat(problems).isEmpty();
  }

  /** A picture was drawn one day, and its commands are those of that day. */
  @Test
  void picturesShowCommandsThatThereAre() throws IOException, InterruptedException {
    Programs programs = programs();
    for (Path lesson : Course.lessons()) {
      Path picture = lesson.resolve("picture.svg");
      String typed =
          TYPED
              .matcher(Files.readString(picture))
              .results()
              .map(row -> row.group(1))
              .collect(Collectors.joining()); // a long line goes on in the next row
      List<MatchResult> commands = COMMAND.matcher(typed).results().toList();
      assertThat(commands).as("commands in " + picture).isNotEmpty();
      for (MatchResult command : commands) {
        assertThat(programs.options())
            .as(picture.toString())
            .hasEntrySatisfying(
                command.group(1),
                options ->
                    assertThat(options)
                        .as(picture + ": " + command.group())
                        .containsAll(
                            OPTION
                                .matcher(command.group(2))
                                .results()
                                .map(MatchResult::group)
                                .toList()));
      }
    }
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
