package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class DurationConverterTest {
  private final DurationConverter converter = new DurationConverter();

  @ParameterizedTest
  @CsvSource({
    "0, PT0S",
    "0s, PT0S",
    "250ms, PT0.25S",
    "1s, PT1S",
    "1.5s, PT1.5S",
    "90us, PT0.00009S",
    "2m, PT2M",
    "24h, PT24H",
    "7d, PT168H"
  })
  void readsADuration(String text, Duration expected) {
    assertThat(converter.convert(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "-1s", "1 s", "s", "1.s", "1sec", "1e3s", "one second"})
  void refusesAnythingElseAndSaysHowToWriteIt(String text) {
    assertThatThrownBy(() -> converter.convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining("250ms");
  }

  @ParameterizedTest
  @ValueSource(strings = {"999999d", "999999999999d"})
  void refusesWhatDoesNotFit(String text) {
    assertThatThrownBy(() -> converter.convert(text)).hasMessageContaining("too long");
  }
}
