package io.github.natsexperiments.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PayloadsTest {
  private static String show(String text) {
    return Payloads.show(text.getBytes(UTF_8));
  }

  @Test
  void showsTextAsItIs() {
    assertThat(show("")).isEmpty();
    assertThat(show("Привет, 🚀\tмир")).isEqualTo("Привет, 🚀\tмир");
  }

  @Test
  void keepsOneMessageOnOneLine() {
    assertThat(show("a\r\nb\u2028c")).isEqualTo("a\\r\\nb\\u2028c");
  }

  @Test
  void letsNobodySteerTheTerminal() {
    assertThat(show("\u001b[2Jgone")).isEqualTo("\\u001b[2Jgone");
    assertThat(show("\u202Etxt.exe")).isEqualTo("\\u202etxt.exe");
  }

  @Test
  void showsTheBeginningOfWhatIsNotText() {
    assertThat(Payloads.show(new byte[] {0, (byte) 0xff})).isEqualTo("(binary, 2 bytes) 00ff");
    byte[] long100 = new byte[100];
    long100[0] = (byte) 0x80;
    assertThat(Payloads.show(long100)).isEqualTo("(binary, 100 bytes) 80" + "00".repeat(31) + "…");
  }
}
