package io.github.natsexperiments.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class TerminalTest {
  private static String written(boolean colours, String... lines) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(Terminal.standardError(bytes, colours), true, UTF_8);
    for (String line : lines) {
      err.print(line + "\n");
    }
    return bytes.toString(UTF_8);
  }

  @Test
  void coloursTheWordThatMatters() {
    assertThat(written(true, "WARN careful", "ERROR gone", "INFO an ERROR", "ERRORS"))
        .isEqualTo(
            "\u001b[33mWARN\u001b[0m careful\n\u001b[31mERROR\u001b[0m gone\nINFO an ERROR\nERRORS\n");
  }

  @Test
  void coloursNothingElsewhere() {
    assertThat(written(false, "WARN Привет", "ERROR x")).isEqualTo("WARN Привет\nERROR x\n");
  }
}
