package io.github.natsexperiments.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  private void lines(String... lines) {
    for (String line : lines) {
      tally.add(line.getBytes(UTF_8));
    }
  }

  @Test
  void aTextOfOnesOwnIsNumberedFromZeroOn() {
    lines("late #0", "late #1", "late #5", "late #6");
    assertThat(tally.summary()).endsWith("missing 3, duplicated 0");
  }

  @Test
  void theNumberMayGrowLonger() {
    lines("#0 of ours, padded......", "#1 of ours, padded......", "#10 of ours, padded.....");
    assertThat(tally.summary()).endsWith("missing 8, duplicated 0");
    tally.add("#12 of ours, padded.....".getBytes(UTF_8));
    assertThat(tally.hasMissing()).isTrue();
  }

  /** Lines of a file, other people's numbers: a gap there is no loss. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a (#12)|b (#15)",
        "order #1000|order #1010",
        "order #0|order #5|order #6",
        "fixed #0|closed #1|opened #7",
        "#0 apples|#1 pears|#9 plums",
        "Hello #3, you|Hello #9, you",
        "Hello #3",
        "issue #1|issue #2|issue #7"
      })
  void numbersOfOthersAreNotCounted(String lines) {
    lines(lines.split("\\|"));
    assertThat(tally.summary()).endsWith(", not numbered");
    assertThat(tally.hasMissing()).isFalse();
  }

  @Test
  void othersAmongOursDoNotDisturb() {
    receive(7, 8);
    lines("a (#12)", "b (#99)", "");
    receive(10);
    assertThat(tally.summary()).endsWith("missing 1, duplicated 0");
  }

  @Test
  void severalPublishersAreNamed() {
    receive(10, 5, 90);
    assertThat(tally.summary()).endsWith(", numbered by several publishers");
  }

  @Test
  void digitsAreThoseOfEveryLog() {
    Locale before = Locale.getDefault();
    try {
      for (String locale :
          new String[] {"ar-EG-u-nu-arab", "fa-IR-u-nu-arabext", "hi-IN-u-nu-deva"}) {
        Locale.setDefault(Locale.forLanguageTag(locale));
        assertThat(tally.summary()).isEqualTo("Received 0 messages, 0 bytes in 0.000 s");
      }
    } finally {
      Locale.setDefault(before);
    }
  }
}
