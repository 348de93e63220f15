package io.github.natsexperiments.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Recorded outputs with a loss that is known. */
class OutputsTest {
  private static final List<Count.Outage> OUTAGE = List.of(new Count.Outage(1000, 2000));

  private final Outputs outputs = new Outputs();

  private void published(String line, long millis) {
    outputs.publisher(false, line, millis);
  }

  private void received(String line, long millis) {
    outputs.subscriber(false, line, millis);
  }

  private Count count(List<Count.Outage> outages) {
    return new Count(outputs, outages, 9000, "0", "stopped");
  }

  private static String fromStream(long number, long sequence) {
    return ("Received a message from subject \"foo\" "
            + "(reply = \"$JS.ACK.sample_stream.plain.1.%d.7.1795613090942316700.0\"): "
            + "Hello #%d from NATS publisher")
        .formatted(sequence, number);
  }

  private static String ack(long sequence) {
    return "Ack: stream = \"sample_stream\", sequence = \"" + sequence + "\"";
  }

  @Test
  void theLessonsAckSaysWhichMessageHasArrived() {
    published(ack(7), 10);
    received(
        "Received a message from subject \"foo\" (reply = \"$JS.ACK.…\"): Hello #0 from NATS publisher",
        15);
    assertThat(outputs.ackedAndMissing()).isEqualTo(1);

    received(ack(7) + ", delivered = \"1\", pending = \"0\"", 15);
    assertThat(outputs.ackedAndMissing()).isZero();
    assertThat(outputs.hasLastAcked()).isTrue();
  }

  @Test
  void aStreamThatLosesAndDoubles() {
    published(ack(1), 10); // #0
    published(ack(2), 20); // #1: acknowledged, never received
    outputs.publisher(true, "#2 failed: Timeout or no response", 1500); // neither
    published(ack(3), 2500); // #3
    published(ack(4), 2600); // #4: twice
    received(fromStream(0, 1), 15);
    received("Ack: stream = \"sample_stream\", sequence = \"1\"", 15);
    received(fromStream(3, 3), 5500);
    received(fromStream(4, 4), 5600);
    received(fromStream(4, 4), 8600);

    Count count = count(OUTAGE);
    assertThat(outputs.published()).isEqualTo(5);
    assertThat(outputs.acked()).isEqualTo(4);
    assertThat(count.missing()).isEqualTo(2);
    assertThat(outputs.ackedAndMissing()).isEqualTo(1);
    assertThat(count.twice()).isEqualTo(1);
    assertThat(outputs.lastTime()).isEqualTo(8600);
    assertThat(count.isKept(Lesson.JETSTREAM, Fault.KILL)).isFalse();
    assertThat(count.isKept(Lesson.JETSTREAM, Fault.RESTART_EMPTY)).isTrue();
  }

  @Test
  void aStreamThatDoesNot() {
    published(ack(1), 10);
    published(ack(3), 2100); // its first attempt is stored as 2, and the second one, too
    published(ack(3) + ", duplicate = \"true\"", 2200);
    received(fromStream(0, 1), 15);
    received(fromStream(1, 3), 2150);
    received(fromStream(2, 3), 2250);

    Count count = count(OUTAGE);
    assertThat(count.missing()).isZero();
    assertThat(count.twice()).isZero();
    assertThat(outputs.ackedAndMissing()).isZero();
    assertThat(count.isKept(Lesson.JETSTREAM, Fault.KILL)).isTrue();
  }

  @Test
  void anErrorOfTheLessonsPairIsNotWhatItPromises() {
    published(ack(1), 10);
    received(fromStream(0, 1), 15);
    outputs.publisher(true, "INFO Published 1 message", 20);
    outputs.publisher(true, "ERROR The stream is gone", 20);

    Count count = count(List.of());
    assertThat(outputs.lastErrors()).isEqualTo(Map.of("publisher", "The stream is gone"));
    assertThat(count.isKept(Lesson.JETSTREAM, Fault.KILL)).isFalse();
  }

  @Test
  void aBucketWhoseRevisionsBeginAgain() {
    published("Ack: bucket = \"sample_kv\", key = \"key\", revision = \"1\"", 10); // #0, lost
    outputs.wiped();
    published("Ack: bucket = \"sample_kv\", key = \"key\", revision = \"1\"", 2100); // #1
    received("PUT key \"key\" (revision = \"1\", age = \"0.001 s\"): Hello #1 from", 2105);

    Count count = count(OUTAGE);
    assertThat(count.missing()).isEqualTo(1);
    assertThat(outputs.ackedAndMissing()).isEqualTo(1);
  }

  @Test
  void withoutAcksOnlyTheSubscriberCanNotice() {
    for (int n = 0; n < 4; n++) {
      published("Published a message to subject \"foo\": Hello #" + n + " from NATS publisher", n);
    }
    String received = "Received a message from subject \"foo\" (reply = \"\"): Hello #%d from NATS";
    received(received.formatted(0), 5);
    received(received.formatted(3), 2500);
    assertThat(outputs.missing()).isNull();
    outputs.subscriber(true, "INFO Received 2 messages, missing 2, duplicated 0", 8000);

    Count count = count(OUTAGE);
    assertThat(outputs.published()).isEqualTo(4);
    assertThat(outputs.acked()).isZero();
    assertThat(count.missing()).isEqualTo(2);
    assertThat(outputs.missing()).isEqualTo(2);
    assertThat(count.isKept(Lesson.BASIC, Fault.KILL)).as("at most once").isTrue();
  }

  @Test
  void silenceBeginsWhenTheServerIsBackAndSomethingIsPublished() {
    published(ack(1), 10);
    published(ack(2), 2300);
    published(ack(3), 6000);
    received(fromStream(0, 1), 900);
    received(fromStream(1, 2), 5300); // 3 s after it was published
    received(fromStream(2, 3), 6000);
    received(fromStream(2, 3), 9000); // again: that is no silence before it

    assertThat(count(OUTAGE).silence()).isEqualTo(3000);
    assertThat(count(List.of()).silence()).as("without an outage").isZero();
  }

  @Test
  void silenceDoesNotCountASecondOutage() {
    published(ack(1), 2000);
    published(ack(2), 4000);
    received(fromStream(0, 1), 2500);
    received(fromStream(1, 2), 4100);

    List<Count.Outage> two = List.of(OUTAGE.get(0), new Count.Outage(2600, 3900));
    assertThat(count(two).silence()).isEqualTo(500);
  }

  @Test
  void silenceToTheEndWhenSomethingNeverComes() {
    published(ack(1), 2000);

    assertThat(count(OUTAGE).silence()).isEqualTo(7000);
  }
}
