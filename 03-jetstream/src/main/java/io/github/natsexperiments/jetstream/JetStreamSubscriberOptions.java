package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.MessageSubscriberOptions;
import io.github.natsexperiments.cli.Numbers;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.StreamToRead;
import io.nats.client.Connection;
import io.nats.client.api.ConsumerConfiguration;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The command line of the {@link JetStreamSubscriber}. */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Reads a JetStream stream and acknowledges what it has read.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar                     go on where it stopped",
      "  java -jar subscriber.jar -n 300              300 messages, and leave the rest",
      "  java -jar subscriber.jar --durable second    read everything a second time",
      "  java -jar subscriber.jar --ordered -q        read fast, leave nothing behind",
      "  java -jar subscriber.jar --work 3s --ack-wait 2s     too slow: comes again"
    })
final class JetStreamSubscriberOptions extends MessageSubscriberOptions {
  private static final int DEFAULT_BATCH = 1000;
  private static final List<String> OF_ACKS =
      List.of(
          "--durable", "--ack-wait", "--backoff", "--max-deliver", "--ack-sync", "--in-progress");

  @Mixin private StreamToRead stream;
  @Mixin private ConsumerOptions consumer;

  @Option(
      names = "--ack-sync",
      description = "Wait for the server to confirm each ack: safer, and ten times slower.")
  private boolean ackSync;

  @Option(
      names = "--work",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "Pretend that the work on a message takes that long.")
  private Duration work = Duration.ZERO;

  @Option(
      names = "--in-progress",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "Every D of that work, ask for another ack wait. Default: do not.")
  private void setInProgress(Duration every) {
    inProgressMillis = Numbers.positive(spec, "--in-progress", every.toMillis());
  }

  long inProgressMillis = Long.MAX_VALUE;
  private int batch = DEFAULT_BATCH;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Messages that may wait here, at most. Default: 1000, or the count.")
  private void setBatch(int value) {
    if (value < 2) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value '" + value + "' for --batch: it must be 2 or more");
    }
    batch = value;
  }

  JetStreamSubscriberOptions() {
    super("foo");
  }

  @Override
  public Run run() {
    for (String option : OF_ACKS) {
      refuseIf(consumer.ordered() && has(option), "--ordered reads without acks", option);
    }
    refuseIf(has("--backoff") && has("--ack-wait"), "--backoff says how long", "--ack-wait");
    return super.run();
  }

  private boolean has(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private void refuseIf(boolean contradicts, String why, String option) {
    if (contradicts) {
      throw new ParameterException(spec.commandLine(), why + ": leave out " + option);
    }
  }

  /** The stream to read. */
  String stream() {
    return stream.name();
  }

  /** The consumer, as it is created if it is not there. */
  ConsumerConfiguration consumer() {
    return consumer.configuration(subject());
  }

  /** Reports what becomes of the consumer. */
  ConsumerEvents events(Connection connection, Run run) {
    return new ConsumerEvents(connection, consumer, stream(), subject(), run);
  }

  /** Whether messages come without being acknowledged. */
  boolean ordered() {
    return consumer.ordered();
  }

  /** Whether to wait for the confirmation of each ack. */
  boolean ackSync() {
    return ackSync;
  }

  /** How long the work on a message takes. */
  long workMillis() {
    return work.toMillis();
  }

  /** How many messages may wait here. */
  int batch() {
    return batch;
  }

  /** What to say when nothing came for so long. */
  String gaveUp() {
    return gaveUp("in stream \"" + stream() + "\"");
  }
}
