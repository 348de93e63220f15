package io.github.natsexperiments.callbacks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.resilience.StoredRun;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DoneWorkTest {
  private final DoneWork done = new DoneWork();

  @Test
  void knowsInAnyOrderWhatWasDone() {
    List<Integer> numbers = IntStream.range(0, 1000).boxed().collect(Collectors.toList());
    Collections.shuffle(numbers, new Random(1));
    Set<Integer> added = new HashSet<>();
    for (int number : numbers) {
      assertThat(done.contains("A-" + number)).isFalse();
      done.add("A-" + number);
      added.add(number);
      if (number % 50 == 0) {
        IntStream.range(0, 1000)
            .forEach(n -> assertThat(done.contains("A-" + n)).isEqualTo(added.contains(n)));
      }
    }
  }

  @Test
  void runsDoNotMix() {
    done.add("A-B-7");
    assertThat(done.contains("A-B-7")).isTrue();
    assertThat(done.contains("A-7")).isFalse();
    assertThat(done.contains("A-B-6")).isFalse();
    assertThat(done.contains("A-B-8")).isFalse();
  }

  @Test
  void whatIsKnownByItsPlaceOnlyIsForgottenWithIt() {
    for (int number = 1; number <= 9; number++) {
      done.add("sequence-" + number);
      done.add("RUN-" + number);
    }
    done.forgetAfter(5);
    assertThat(done.contains("sequence-5")).isTrue();
    assertThat(done.contains("sequence-6")).isFalse();
    assertThat(done.contains("RUN-9")).isTrue();
  }

  @Test
  void onlyANumberBehindADashIsANumber() {
    assertThat(StoredRun.number("RUN-17")).isEqualTo(17);
    for (String id : List.of("", "17", "-17", "RUN-", "RUN-x", "RUN-1x", "RUN-+1", "RUN-1-")) {
      assertThat(StoredRun.number(id)).as(id).isEqualTo(-1);
    }
    assertThat(StoredRun.number("RUN-12345678901234567890")).isEqualTo(-1);
  }

  /** Ids that somebody else writes: inv-7 and inv-007 are two messages. */
  @Test
  void aNumberIsWrittenInOneWayOnly() {
    assertThat(StoredRun.number("inv-0")).isZero();
    for (String id : List.of("inv-007", "inv-00", "inv-01")) {
      assertThat(StoredRun.number(id)).as(id).isEqualTo(-1);
    }
  }
}
