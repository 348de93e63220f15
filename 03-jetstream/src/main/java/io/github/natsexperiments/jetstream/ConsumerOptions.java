package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.Names;
import io.github.natsexperiments.cli.Numbers;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The subscriber's consumer, which is a bookmark on the server: how far somebody has read, and what
 * is delivered and not acknowledged. These are the options that say how to create it.
 *
 * @see <a href="https://docs.nats.io/learn/jetstream/pull-consumers">NATS documentation:
 *     consumers</a>
 */
final class ConsumerOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--durable",
      paramLabel = "NAME",
      converter = Names.OfStream.class,
      description =
          "Name of the consumer; subscribers with the same one share it. Default: ${DEFAULT-VALUE}.")
  private String name = "sample_durable";

  @Option(
      names = "--ordered",
      description = "Read fast and in order, without acks and without leaving a consumer behind.")
  private boolean ordered;

  @Option(
      names = "--from",
      paramLabel = "WHERE",
      converter = StartPosition.Converter.class,
      description =
          "New consumer: all, new, last, a sequence, or a time (2026-11-23T10:00:00Z). Default: all.")
  private StartPosition from;

  @Option(
      names = "--ack-wait",
      paramLabel = "D",
      converter = DurationConverter.class,
      description =
          "Deliver a message again when its ack does not come for that long. Default: 30s.")
  private void setAckWait(Duration value) {
    Numbers.positive(spec, "--ack-wait", value.toMillis());
    ackWait = value;
  }

  @Option(
      names = "--backoff",
      paramLabel = "D",
      split = ",",
      converter = DurationConverter.class,
      description = "The same, growing from one delivery to the next: 1s,5s,30s.")
  private List<Duration> backoff;

  @Option(
      names = "--max-deliver",
      paramLabel = "N",
      description = "Deliver a message at most N times. Default: until it is acknowledged.")
  private void setMaxDeliver(int value) {
    maxDeliver = Numbers.positive(spec, "--max-deliver", value);
  }

  private Duration ackWait;
  private Long maxDeliver;

  /** The durable's name. */
  String name() {
    return name;
  }

  /** Whether messages come without being acknowledged. */
  boolean ordered() {
    return ordered;
  }

  /** Whether the command line says where to begin. */
  boolean hasPosition() {
    return from != null;
  }

  /** Whether it asks for something that a consumer that is there may do otherwise. */
  boolean changesRedelivery() {
    return ackWait != null || backoff != null || maxDeliver != null;
  }

  /** Whether it asks for an ack wait. */
  boolean hasAckWait() {
    return ackWait != null;
  }

  /**
   * A new consumer.
   *
   * @param subject what it reads
   */
  ConsumerConfiguration configuration(String subject) {
    StartPosition start = from == null ? StartPosition.ALL : from;
    ConsumerConfiguration.Builder wanted =
        ConsumerConfiguration.builder()
            .filterSubject(subject)
            .deliverPolicy(start.policy())
            .startTime(start.time());
    if (start.sequence() > 0) {
      wanted.startSequence(start.sequence());
    }
    // The reader itself knows how far it is; with a name, the server knows it, and its readers may
    // go and come back. Every message is acknowledged on its own; the others come again.
    return ordered
        ? wanted.build()
        : withRedelivery(wanted.durable(name).ackPolicy(AckPolicy.Explicit));
  }

  /** With what the command line asks for, and the rest as it is. */
  ConsumerConfiguration withRedelivery(ConsumerConfiguration.Builder consumer) {
    if (ackWait != null) {
      consumer.ackWait(ackWait);
    }
    if (backoff != null) {
      consumer.backoff(backoff.toArray(new Duration[0]));
    }
    if (maxDeliver != null) {
      consumer.maxDeliver(maxDeliver);
    }
    return consumer.build();
  }
}
