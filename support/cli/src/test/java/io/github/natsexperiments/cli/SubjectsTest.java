package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubjectsTest {
  private final Subjects.ForPublishing publishing = new Subjects.ForPublishing();
  private final Subjects.ForSubscribing subscribing = new Subjects.ForSubscribing();

  @ParameterizedTest
  @ValueSource(strings = {"foo", "foo.bar.1", "FOO-bar_baz", "привет"})
  void takesWhatNatsTakes(String subject) {
    assertThat(publishing.convert(subject)).isEqualTo(subject);
    assertThat(subscribing.convert(subject)).isEqualTo(subject);
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "foo.*", "foo.*.bar", "foo.>", ">"})
  void keepsWildcardsForSubscribers(String subject) {
    assertThat(subscribing.convert(subject)).isEqualTo(subject);
    assertThatThrownBy(() -> publishing.convert(subject)).hasMessageContaining("wildcards");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".a", "a.", "a..b", "a b", "a\tb", ">.a"})
  void refusesWhatTheServerWouldDropWithoutAWord(String subject) {
    assertThatThrownBy(() -> publishing.convert(subject)).hasMessageContaining("'" + subject + "'");
    assertThatThrownBy(() -> subscribing.convert(subject))
        .hasMessageContaining("'" + subject + "'");
  }

  @Test
  void refusesWhatDoesNotFitIntoALineOfTheProtocol() {
    String longest = "п".repeat(1750);
    assertThat(publishing.convert(longest)).isEqualTo(longest);
    assertThatThrownBy(() -> publishing.convert(longest + "a"))
        .hasMessageContaining("too long: 3501 bytes");
    assertThatThrownBy(() -> new KvNames.Key().convert("k".repeat(3501)))
        .hasMessageContaining("too long: 3501 bytes");
  }

  @ParameterizedTest
  @CsvSource({
    "foo, foo, true, true",
    "foo, bar, false, false",
    "foo, foo.a, false, false",
    "foo.*, foo.a, true, true",
    "foo.a, foo.*, false, true",
    "*, foo.a, false, false",
    ">, foo.a, true, true",
    "foo.>, foo, false, false",
    "foo.*, foo.>, false, true",
    "foo.>, foo.*.b, true, true",
    "*.a, foo.*, false, true",
    "*.a, foo.b, false, false"
  })
  void knowsWhichSubjectsPatternsShare(String one, String other, boolean covers, boolean overlap) {
    assertThat(Subjects.covers(one, other)).isEqualTo(covers);
    assertThat(Subjects.overlap(one, other)).isEqualTo(overlap);
    assertThat(Subjects.overlap(other, one)).isEqualTo(overlap);
  }
}
