package io.github.natsexperiments.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class PayloadSourceTest {
  private final Stop stop = Stop.onSignals();
  private final Pace pace = new Pace(Duration.ZERO, stop);

  private List<String> lines(String input, long count, long longest) throws InterruptedException {
    PayloadSource source =
        new PayloadSource(
            count, pace, stop, new ByteArrayInputStream(input.getBytes(UTF_8)), longest);
    List<String> lines = new ArrayList<>();
    byte[] line;
    while ((line = source.next()) != null) {
      lines.add(new String(line, UTF_8));
    }
    return lines;
  }

  @Test
  void numbersTheTexts() throws InterruptedException {
    PayloadSource source = new PayloadSource(2, pace, stop, new MessageTemplate("#{n}", 0));
    assertThat(source.next()).asString(UTF_8).isEqualTo("#0");
    assertThat(source.next()).asString(UTF_8).isEqualTo("#1");
    assertThat(source.next()).isNull();
  }

  @Test
  void goesOnInTheMiddle() throws InterruptedException {
    MessageTemplate template = new MessageTemplate("#{n}", 0);
    PayloadSource texts = new PayloadSource(4, pace, stop, template).from(3);
    assertThat(texts.next()).asString(UTF_8).isEqualTo("#3");
    assertThat(texts.next()).isNull();

    ByteArrayInputStream input = new ByteArrayInputStream("a\nb\nc\nd\n".getBytes(UTF_8));
    PayloadSource lines = new PayloadSource(3, pace, stop, input, 9).from(2);
    assertThat(lines.next()).asString(UTF_8).isEqualTo("c");
    assertThat(lines.next()).isNull();
  }

  @Test
  void readsLinesWithAnyLineEnd() throws InterruptedException {
    assertThat(lines("a\nb\r\n\nпоследняя", 9, 99)).containsExactly("a", "b", "", "последняя");
    assertThat(lines("", 9, 99)).isEmpty();
    assertThat(lines("a\nb\nc\n", 2, 99)).containsExactly("a", "b");
  }

  @Test
  void readsNoMoreOfALineThanShowsThatItIsTooLong() throws InterruptedException {
    assertThat(lines("x".repeat(50) + "\nnext\n", 9, 10)).containsExactly("x".repeat(11), "next");
  }

  @Test
  void doesNotKeepTheEndWaitingForInput() throws Exception {
    try (PipedOutputStream silent = new PipedOutputStream();
        PipedInputStream input = new PipedInputStream(silent)) {
      PayloadSource source = new PayloadSource(9, pace, stop, input, 99);
      stop.ask(Stop.Reason.SIGNAL);
      assertThat(source.next()).isNull();
    }
  }

  /** What is read ahead is bounded in bytes: 1,024 lines of a megabyte would fill any heap. */
  @Test
  void doesNotReadTheWholeInputAhead() throws Exception {
    AtomicLong read = new AtomicLong();
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return read.incrementAndGet() % 1_000_000 == 0 ? '\n' : 'x';
          }
        };
    PayloadSource source = new PayloadSource(9, pace, stop, endless, 2_000_000);
    while (!isBlocked("stdin")) {
      Thread.onSpinWait();
    }
    assertThat(read.get()).isLessThan(12_000_000); // 8 MB, the buffer, and the line at hand
    for (int i = 0; i < 9; i++) {
      assertThat(source.next()).hasSize(999_999);
    }
    assertThat(source.next()).isNull();
  }

  private static boolean isBlocked(String thread) {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(t -> t.getName().equals(thread) && t.getState() == Thread.State.WAITING);
  }

  @Test
  void anInputThatCannotBeReadEndsTheRun() throws Exception {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() {
            throw new OutOfMemoryError("no room for this line");
          }
        };
    PayloadSource source = new PayloadSource(9, pace, stop, broken, 99);
    assertThat(source.next()).isNull();
    assertThatThrownBy(stop::throwFailure)
        .hasMessage("Cannot read standard input: no room for this line");
  }
}
