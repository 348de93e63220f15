package io.github.natsexperiments.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the build writes for the completion of {@code ./lab}, in the shells themselves. */
class CompletionIT {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ./lab r         | run
          ./lab run 03    | 03-jetstream
          ./lab b         | break
          ./lab break 03  | 03-jetstream
          ./lab server c  | creds, cluster
          ./lab server -- | --help, --verbose, --tls, --port, --data
          """)
  void bashCompletes(String typed, String expected) {
    String script =
        """
        . target/completion
        COMP_WORDS=(%s)
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        compopt() { :; } # bash has it only while somebody types
        _complete_lab
        printf '%%s\\n' "${COMPREPLY[@]}"
        """
            .formatted(typed);
    assertThat(lines("bash", "--norc", "-c", script)).containsExactly(expected.split(", "));
  }

  @Test
  void zshKnowsIt() {
    String script = ". target/completion; print -r -- $_comps[lab]";
    assertThat(lines("zsh", "-f", "-c", script))
        .containsExactly("_bash_complete -F _complete_lab -o default");
  }

  private static List<String> lines(String shell, String... arguments) {
    assumeTrue(
        Stream.of("/bin", "/usr/bin").anyMatch(bin -> Files.exists(Path.of(bin, shell))), shell);
    String[] command = Stream.concat(Stream.of(shell), Stream.of(arguments)).toArray(String[]::new);
    RunningProgram program = Program.command(command).start();
    assertThat(program.waitForExit()).isZero();
    assertThat(program.stderrLines()).isEmpty();
    return program.stdoutLines();
  }
}
