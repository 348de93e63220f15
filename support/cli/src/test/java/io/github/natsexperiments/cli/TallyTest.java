package io.github.natsexperiments.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TallyTest {
  private final Tally tally = new Tally("Received", true);

  private void receive(Object... numbers) {
    for (Object number : numbers) {
      tally.add(("Hello #" + number + " from NATS publisher").getBytes(UTF_8));
    }
  }

  @Test
  void countsMessagesAndBytes() {
    assertThat(tally.summary()).startsWith("Received 0 messages, 0 bytes in 0.000 s");
    receive(0);
    assertThat(tally.summary()).startsWith("Received 1 message, 28 bytes in 0.0");
    receive(1, 2);
    assertThat(tally.summary()).startsWith("Received 3 messages, 84 bytes").contains("messages/s");
  }

  @Test
  void countsTheGapsBetweenTheNumbers() {
    receive(5, 6, 9, 12);
    assertThat(tally.summary()).endsWith("missing 4, duplicated 0");
    assertThat(tally.hasMissing()).isTrue();
  }

  @Test
  void takesAZeroForANewRunOfThePublisher() {
    receive(0, 1, 2, 0, 1, 3);
    assertThat(tally.summary()).endsWith("missing 1, duplicated 0");
  }

  @Test
  void saysNothingWhenSeveralPublishersMixTheirNumbers() {
    receive(10, 5, 90);
    assertThat(tally.summary()).doesNotContain("missing");
    assertThat(tally.hasMissing()).isFalse();
  }

  @Test
  void saysNothingAboutMessagesWithoutANumber() {
    receive("", "x", "99999999999999999999");
    tally.add("no number".getBytes(UTF_8));
    tally.add(new byte[0]);
    tally.add((".".repeat(200) + "#7").getBytes(UTF_8));
    assertThat(tally.summary()).startsWith("Received 6 messages").doesNotContain("missing");
  }

  @Test
  void saysNothingWhenNotAsked() {
    Tally share = new Tally("Received", false);
    share.add("#0".getBytes(UTF_8));
    share.add("#9".getBytes(UTF_8));
    assertThat(share.summary()).doesNotContain("missing");
    assertThat(share.hasMissing()).isFalse();
  }
}
