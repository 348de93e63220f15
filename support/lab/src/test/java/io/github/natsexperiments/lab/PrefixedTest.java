package io.github.natsexperiments.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What the lab makes of the lines of its programs. */
class PrefixedTest {
  private static String written(boolean colour, byte[]... pieces) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Prefixed out = new Prefixed("pub | ", bytes, lines -> {}, colour)) {
      for (byte[] piece : pieces) {
        out.write(piece);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void coloursThePrefixAndTheWordThatMatters() throws IOException {
    String prefix = "\u001b[36mpub\u001b[0m | ";
    assertThat(written(true, utf8("WARN slow\nERROR Привет\nINFO an ERROR\n")))
        .isEqualTo(
            prefix
                + "\u001b[33mWARN\u001b[0m slow\n"
                + prefix
                + "\u001b[31mERROR\u001b[0m Привет\n"
                + prefix
                + "INFO an ERROR\n");
  }

  @Test
  void coloursNothingElsewhere() throws IOException {
    assertThat(written(false, utf8("WARN slow\nERROR gone\n")))
        .isEqualTo("pub | WARN slow\npub | ERROR gone\n");
  }

  @Test
  void passesOnWholeLinesOnly() throws IOException {
    byte[] word = utf8("Привет\nПо");
    byte[] begin = new byte[3]; // ends within a letter
    System.arraycopy(word, 0, begin, 0, 3);
    byte[] rest = new byte[word.length - 3];
    System.arraycopy(word, 3, rest, 0, rest.length);

    assertThat(written(false, begin, rest, utf8("ка"))).isEqualTo("pub | Привет\npub | Пока\n");
  }
}
