package io.github.natsexperiments.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The table and the bars of {@code ./lab break}, and the moments of its faults. */
class ReportTest {
  /** 99 messages have an ack, one has failed; half of them come at once, the rest at the end. */
  private static Count count(boolean stored, String stderr) {
    Outputs outputs = new Outputs();
    for (int n = 0; n < 100; n++) {
      long millis = n < 50 ? n * 10 : 1100;
      String text = "\"foo\" (reply = \"\"): Hello #" + n + " from NATS publisher";
      if (n != 60) {
        outputs.publisher(
            false,
            stored ? "Ack: revision = \"" + n + "\"" : "Published a message " + text,
            millis);
        outputs.subscriber(
            false,
            stored
                ? "PUT key \"key\" (revision = \"" + n + "\"): Hello #" + n
                : "Received a message from subject " + text,
            n < 50 ? millis : 9900);
      } else {
        outputs.publisher(true, "#60 failed: Timeout", millis);
      }
    }
    outputs.subscriber(true, stderr, 9950);
    return new Count(outputs, List.of(new Count.Outage(500, 1000)), 10_000, "0", "stopped");
  }

  private static List<String> lines(Lesson lesson, Fault fault, Map<String, Count> counts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new Report(lesson, fault, counts).print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private static Map<String, Count> both(Count plain, Count lesson) {
    Map<String, Count> counts = new LinkedHashMap<>();
    counts.put("plain", plain);
    counts.put("lesson", lesson);
    return counts;
  }

  @Test
  void showsBothPairsSideBySideInSixtyColumns() {
    List<String> lines = lines(Lesson.KV, Fault.KILL, both(count(true, ""), count(true, "")));

    assertThat(lines)
        .anyMatch(line -> line.matches("never arrived +1 +1"))
        .anyMatch(line -> line.matches("  acknowledged +99 +99"))
        .anyMatch(line -> line.matches("longest silence +8\\.8 s +8\\.8 s"))
        .allMatch(line -> line.length() <= 60);
  }

  @Test
  void saysThatOnlyTheLessonsSubscriberNotices() {
    List<String> lines =
        lines(
            Lesson.BASIC,
            Fault.KILL,
            both(
                count(false, ""),
                count(false, "INFO Received 99 messages, missing 1, duplicated 0")));

    assertThat(lines)
        .anyMatch(line -> line.matches("  noticed by the subscriber +no +1"))
        .noneMatch(line -> line.contains("acknowledged"));
  }

  @Test
  void saysWhatAnEmptyStorageMeans() {
    Count count = count(true, "ERROR Stream \"sample_stream\" is gone");

    assertThat(lines(Lesson.JETSTREAM, Fault.RESTART_EMPTY, Map.of("lesson", count)))
        .contains("The lesson subscriber: Stream \"sample_stream\" is gone")
        .contains("The stream is gone with the storage: what nobody had read is lost.");
  }

  @Test
  void saysWhatAPairThatGoesOnSaysOfItsStream() {
    Count count = count(true, "WARN Stream \"sample_stream\" is gone, with every message");

    assertThat(lines(Lesson.JETSTREAM, Fault.RESTART_EMPTY, Map.of("lesson", count)))
        .contains("The lesson subscriber: Stream \"sample_stream\" is gone, with every message");
    assertThat(count.outputs().lastErrors()).isEmpty();
  }

  @Test
  void barsShowWhenMessagesCameAndWhenTheServerWasAway() {
    Count count = count(true, "");

    assertThat(new Bars(20, 10_000, true).line(count)).isEqualTo("█××" + " ".repeat(16) + "█");
    assertThat(new Bars(20, 10_000, false).line(count)).isEqualTo("@xx" + " ".repeat(16) + "@");
    assertThat(new Bars(20, 10_000, false).legend())
        .isEqualTo("messages per 0.5 s; x: the server was away");
  }

  @Test
  void faultsComeAtTheSameMomentsForTheSameSeed() {
    Duration time = Duration.ofSeconds(60);
    List<Duration> moments = Fault.KILL.moments(20, time, 7);

    assertThat(moments)
        .isEqualTo(Fault.KILL.moments(20, time, 7))
        .isNotEqualTo(Fault.KILL.moments(20, time, 8))
        .isSorted()
        .hasSize(20)
        .allMatch(moment -> moment.toSeconds() >= 6 && moment.toSeconds() < 51);
    for (int i = 1; i < moments.size(); i++) {
      assertThat(moments.get(i).minus(moments.get(i - 1))).isGreaterThan(Duration.ofSeconds(1));
    }
  }
}
