package io.github.natsexperiments.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The help of each command, in a terminal of 60 columns. */
class HelpTest {
  static Stream<CommandLine> commands() {
    CommandLine lab = new CommandLine(new Lab());
    return Stream.concat(Stream.of(lab), lab.getSubcommands().values().stream());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void examplesNeedNoSecondLine(CommandLine command) {
    String[] footer = command.getCommandSpec().usageMessage().footer();

    assertThat(footer).isNotEmpty();
    assertThat(command.setUsageHelpWidth(60).getUsageMessage().lines()).contains(footer);
  }
}
