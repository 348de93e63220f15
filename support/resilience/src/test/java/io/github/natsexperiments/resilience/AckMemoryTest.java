package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class AckMemoryTest {
  private final AckMemory memory = new AckMemory();

  @Test
  void onlyWhatWasBeforeTheInterruptionIsRecognised() {
    memory.add(5, 0);
    assertThat(memory.contains(5)).isFalse();
    memory.interrupted();
    memory.add(6, 0);
    assertThat(memory.contains(5)).isTrue();
    assertThat(memory.contains(6)).isFalse();
    memory.forgetAfter(0);
    memory.interrupted();
    assertThat(memory.contains(5)).isFalse();
  }

  @Test
  void theEndIsForgotten() {
    for (long sequence = 1; sequence <= 10; sequence++) {
      memory.add(sequence, 100 + sequence);
    }
    memory.interrupted();
    memory.add(11, 111);
    memory.forgetAfter(7);
    assertThat(memory.contains(7)).isTrue();
    assertThat(memory.contains(8)).isFalse();
    assertThat(memory.isNewer(110)).isFalse();
    assertThat(memory.isNewer(111)).isTrue();
    memory.interrupted();
    assertThat(memory.contains(11)).isFalse();
  }

  @Test
  void anyOrder() {
    Random random = new Random(7);
    Set<Long> added = new TreeSet<>();
    for (int i = 0; i < 3000; i++) {
      long sequence = random.nextInt(1000);
      memory.add(sequence, 0);
      added.add(sequence);
      if (i % 700 == 0 || i == 2999) {
        memory.interrupted();
        for (long each = 0; each < 1001; each++) {
          assertThat(memory.contains(each)).isEqualTo(added.contains(each));
        }
      }
    }
  }

  @Test
  void aMillionInARowTakeNoRoomAndGapsOnlyALittle() {
    for (long sequence = 1; sequence <= 1_000_000; sequence++) {
      memory.add(sequence, 0);
    }
    memory.interrupted();
    assertThat(memory.contains(1)).isTrue();
    for (long sequence = 1_000_002; sequence < 1_040_000; sequence += 2) {
      memory.add(sequence, 0);
    }
    memory.interrupted();
    assertThat(memory.contains(1)).isFalse();
    assertThat(memory.contains(1_039_998)).isTrue();
    assertThat(memory.contains(1_039_999)).isFalse();
  }
}
