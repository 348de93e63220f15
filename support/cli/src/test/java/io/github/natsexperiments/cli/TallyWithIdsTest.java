package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nats.client.NUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages with an id: what came late, what came twice, what is missing. */
class TallyWithIdsTest {
  private static final byte[] PAYLOAD = {'x'};

  /** As NUID makes them; one begins with the other. */
  private static final String A = "Zb8XkQ0a";

  private static final String AB = "Zb8XkQ0aPq3LmN7cRt5VwY";

  private final Tally tally = new Tally("Received", true);

  private void add(String run, long... numbers) {
    for (long number : numbers) {
      tally.add(PAYLOAD, run + "-" + number);
    }
  }

  @Test
  void aHoleIsMissingUntilItIsFilled() {
    add(A, 0, 1, 4, 2);
    assertThat(tally.summary()).endsWith(", missing 1, duplicated 0");
    add(A, 3);
    assertThat(tally.summary()).endsWith(", missing 0, duplicated 0");
  }

  @Test
  void whatComesAgainIsDuplicated() {
    assertThat(tally.add(PAYLOAD, A + "-0")).isTrue();
    assertThat(tally.add(PAYLOAD, A + "-0")).isFalse();
    assertThat(tally.summary()).startsWith("Received 2 messages").endsWith("duplicated 1");
  }

  @Test
  void whatWasBeforeTheFirstNumberIsNotMissing() {
    add(A, 300, 301, 290);
    assertThat(tally.summary()).endsWith(", missing 0, duplicated 0");
    add(A, 290);
    assertThat(tally.duplicated()).isEqualTo(1);
  }

  @Test
  void runsDoNotMix() {
    add(A, 0, 1);
    add(AB, 0, 1, 3);
    add(A, 2);
    assertThat(tally.summary()).endsWith(", missing 1, duplicated 0");
  }

  @Test
  void whatSomebodyElseGotIsNotMissing() {
    add(A, 0);
    tally.givenToOthers(2);
    add(A, 3, 5);
    assertThat(tally.summary()).endsWith(", missing 1, duplicated 0");
    // One of the two comes late after all: it had got lost on its way, and 4 is still missing.
    add(A, 1);
    assertThat(tally.summary()).endsWith(", missing 1, duplicated 0");
  }

  @Test
  void pagesThatAreFullStillKnowTheirNumbers() {
    LongStream.range(0, 200_000).filter(n -> n % 7 != 3).forEach(n -> add(A, n));
    LongStream.range(0, 200_000).filter(n -> n % 7 == 3).forEach(n -> add(A, n));
    assertThat(tally.summary()).endsWith(", missing 0, duplicated 0");
    add(A, 0, 5, 131_071, 199_999);
    assertThat(tally.duplicated()).isEqualTo(4);
  }

  /** Nobody but our publishers promises that the next number is one more. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "order",
        "customer",
        "Customer",
        "INVOICES",
        "INV20240",
        "20240101",
        "a-b",
        "",
        "x1"
      })
  void numbersOfOthersAreNotCounted(String run) {
    add(run, 1000, 1010, 1010);
    assertThat(tally.summary()).endsWith(", not numbered");
    assertThat(tally.hasMissing()).isFalse();
    assertThat(tally.duplicated()).isZero();
  }

  @Test
  void whatNuidMakesIsOurs() {
    for (int i = 0; i < 1000; i++) {
      String run = NUID.nextGlobal();
      add(run, 0, 2);
    }
    assertThat(tally.summary()).endsWith(", missing 1000, duplicated 0");
  }

  @Test
  void anIdWithoutNumberTellsNothing() {
    tally.add(PAYLOAD, "mine");
    tally.add(PAYLOAD, "mine-x");
    tally.add(PAYLOAD, "mine-");
    tally.add(PAYLOAD, null);
    assertThat(tally.summary()).startsWith("Received 4 messages").doesNotContain("missing");
  }
}
