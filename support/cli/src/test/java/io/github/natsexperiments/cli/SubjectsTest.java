package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
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
}
