package io.github.natsexperiments.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MessageTemplateTest {
  private static String text(String template, int size, long n) {
    return new String(new MessageTemplate(template, size).payload(n), UTF_8);
  }

  @Test
  void putsTheCounterIn() {
    assertThat(text("Hello #{n} from NATS publisher", 0, 0))
        .isEqualTo("Hello #0 from NATS publisher");
    assertThat(text("{n}", 0, Long.MAX_VALUE)).isEqualTo("9223372036854775807");
    assertThat(text("{n}-{n}{n}", 0, 42)).isEqualTo("42-4242");
    assertThat(text("Привет {n}!", 0, 10)).isEqualTo("Привет 10!");
  }

  @Test
  void leavesATextWithoutCounterAsItIs() {
    assertThat(text("", 0, 7)).isEmpty();
    assertThat(text("plain {N} { n}", 0, 7)).isEqualTo("plain {N} { n}");
  }

  @Test
  void padsToTheSizeInBytes() {
    assertThat(text("Я{n}", 6, 1)).isEqualTo("Я1...");
    assertThat(text("longer than that", 4, 0)).isEqualTo("longer than that");
    assertThat(new MessageTemplate("#{n}", 128).payload(1_000_000)).hasSize(128);
  }

  @Test
  void growsWithTheNumberOfDigits() {
    MessageTemplate template = new MessageTemplate("#{n};", 0);
    for (long n : new long[] {8, 9, 10, 99, 100, 7}) {
      assertThat(template.payload(n)).asString(UTF_8).isEqualTo("#" + n + ";");
    }
  }

  @Test
  void givesEveryMessageAnArrayOfItsOwn() {
    MessageTemplate template = new MessageTemplate("#{n}", 0);
    byte[] first = template.payload(1);
    template.payload(2);
    assertThat(first).asString(UTF_8).isEqualTo("#1");
  }
}
