package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.natsexperiments.cli.Stop.Reason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that wait while a run ends. */
@Timeout(20)
class StopTest {
  private static final Failure REFUSED = new Failure(ExitCode.NOT_AUTHORISED, "refused");

  private final Stop stop = Stop.onSignals();
  private final Semaphore waiting = new Semaphore(0);

  private void whileItWaits(Runnable what) {
    new Thread(
            () -> {
              try {
                waiting.acquire();
                what.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            })
        .start();
  }

  private boolean aMoment() throws InterruptedException {
    waiting.release();
    return !new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS);
  }

  private boolean forEver() throws InterruptedException {
    waiting.release();
    new CountDownLatch(1).await();
    return true;
  }

  @Test
  void theEndOfTheRunInterruptsACall() {
    whileItWaits(() -> stop.ask(Reason.SIGNAL));
    assertThatThrownBy(() -> stop.interrupting(this::forEver))
        .isInstanceOf(InterruptedException.class);
  }

  /** A signal can come before the program has begun to listen. */
  @Test
  void theSignalCameBefore() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path");
    Process program =
        new ProcessBuilder(java, "-cp", classes, TooLate.class.getName())
            .redirectErrorStream(true)
            .start();
    String said = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(said).contains("SIGNAL").doesNotContain("Exception");
  }

  /** Begins to listen while its JVM ends. */
  static final class TooLate {
    public static void main(String[] args) {
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> System.out.println(Stop.onSignals().reason())));
    }
  }

  @Test
  void onlyAFailureInterruptsACallAtTheEnd() throws Exception {
    stop.ask(Reason.DONE);
    whileItWaits(() -> stop.ask(Reason.SIGNAL));
    assertThat(stop.untilFailure(this::aMoment)).isTrue();
    whileItWaits(() -> stop.fail(REFUSED));
    assertThatThrownBy(() -> stop.untilFailure(this::forEver))
        .isInstanceOf(InterruptedException.class);
    // Not even begun: jnats' flush would wait 10 s for a connection that never comes back.
    assertThatThrownBy(() -> stop.untilFailure(this::forEver))
        .isInstanceOf(InterruptedException.class);
    assertThatThrownBy(stop::throwFailure).isSameAs(REFUSED);
  }
}
