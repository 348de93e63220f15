package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.MessageSubscriberOptions;
import io.github.natsexperiments.cli.Names;
import io.github.natsexperiments.cli.Numbers;
import io.github.natsexperiments.cli.StreamToRead;
import io.nats.client.Options;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of the {@link CallbacksSubscriber}. */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Reads a stream; survives the loss of its server and messages that fail.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar                  until Ctrl-C",
      "  java -jar subscriber.jar --fail-every 5   every fifth message is poison",
      "  java -jar subscriber.jar --fast-detect    notice a dead server in seconds",
      "  java -jar subscriber.jar -n 200000 -q -t 60s"
    })
final class CallbacksSubscriberOptions extends MessageSubscriberOptions {
  private static final String EVERYTHING = ">";

  @Mixin private StreamToRead stream;

  @Option(
      names = "--durable",
      paramLabel = "NAME",
      converter = Names.OfStream.class,
      description =
          "The consumer, which remembers what was acknowledged. Default: ${DEFAULT-VALUE}.")
  private String durable = "callbacks";

  @Option(
      names = "--ack-wait",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "Deliver a message without an ack again after that long. Default: 30s.")
  private void setAckWait(Duration value) {
    Numbers.positive(spec, "--ack-wait", value.toMillis());
    ackWait = value;
  }

  Duration ackWait; // or null

  @Option(
      names = "--fail-every",
      paramLabel = "N",
      description = "Fail on every Nth message of the stream, each time it comes.")
  private void setFailEvery(long value) {
    failEvery = Numbers.positive(spec, "--fail-every", value);
  }

  @Option(
      names = "--max-deliver",
      paramLabel = "N",
      description = "Give up on a failing message at its Nth delivery. Default: 3.")
  private void setMaxDeliver(long value) {
    maxDeliver = Numbers.positive(spec, "--max-deliver", value);
  }

  @Option(
      names = "--fast-detect",
      description = "Ping every 2 s and give up after two: a dead server is noticed within 10 s.")
  private boolean fastDetect;

  private long failEvery;
  private long maxDeliver = 3;

  CallbacksSubscriberOptions() {
    super(EVERYTHING);
  }

  /** The consumer's filter; null for all that the stream has. */
  String filter() {
    return subject().equals(EVERYTHING) ? null : subject();
  }

  /** How soon to notice that the server is dead; the publisher has the same. */
  Options.Builder detect(Options.Builder settings) {
    if (fastDetect) {
      settings.pingInterval(Duration.ofSeconds(2)).maxPingsOut(2);
      settings.connectionTimeout(Duration.ofSeconds(2));
    }
    return settings;
  }

  /** The consumer lives on the server and remembers, while we are away, how far we got. */
  ConsumerConfiguration consumer() {
    return ConsumerConfiguration.builder()
        .durable(durable)
        .filterSubject(filter())
        .ackPolicy(AckPolicy.Explicit)
        .ackWait(ackWait)
        // No maxDeliver: the server also counts the delivery to a process that was killed before
        // it looked at the message, and then drops it without a word to us.
        .build();
  }

  String stream() {
    return stream.name();
  }

  String durable() {
    return durable;
  }

  /** Fails, for show, where the work on the message of this sequence is to fail. */
  void fail(long sequence) {
    if (failEvery > 0 && sequence % failEvery == 0) {
      throw new IllegalStateException("the handler cannot do this one");
    }
  }

  long maxDeliver() {
    return maxDeliver;
  }

  String gaveUp() {
    return gaveUp("of stream \"" + stream() + "\"");
  }
}
