package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
  private final Stop stop = Stop.onSignals();

  @Test
  void keepsTheInterval() throws InterruptedException {
    Pace pace = new Pace(Duration.ofMillis(20), stop);
    long start = System.nanoTime();
    for (int i = 0; i < 6; i++) {
      assertThat(pace.next()).isTrue();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(99));
  }

  @Test
  void endsTheWaitingWhenTheRunShallEnd() throws InterruptedException {
    Pace pace = new Pace(Duration.ofHours(1), stop);
    assertThat(pace.next()).isTrue();
    stop.ask(Stop.Reason.SIGNAL);
    assertThat(pace.next()).isFalse();
  }
}
