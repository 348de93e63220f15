package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Numbers;
import io.nats.client.BaseConsumerContext;
import io.nats.client.JetStreamApiException;
import io.nats.client.StreamContext;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.OrderedConsumerConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The subscriber's consumer, which is a bookmark on the server: how far somebody has read, and what
 * is delivered and not acknowledged. Its options, and its creation when it is not there.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation:
 *     consumers</a>
 */
final class ConsumerSetup {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--durable",
      paramLabel = "NAME",
      converter = Names.OfStream.class,
      description = "Name of the consumer; who uses the same shares it. Default: ${DEFAULT-VALUE}.")
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

  private boolean known;

  /** Whether messages come without being acknowledged. */
  boolean ordered() {
    return ordered;
  }

  /**
   * Finds or creates the consumer.
   *
   * @param anotherStream whether the stream is not that of the call before
   * @param last sequence of the last message in the stream, or 0; an ordered consumer goes on there
   * @throws Failure exit code 1 when the consumer cannot be had
   */
  BaseConsumerContext open(
      StreamContext stream, String subject, boolean anotherStream, long last, Console console)
      throws IOException, JetStreamApiException, Failure {
    if (ordered) {
      return openOrdered(stream, subject, last);
    }
    ConsumerInfo found = find(stream);
    if (found != null) {
      return openExisting(stream, subject, found, console);
    }
    if (!known || anotherStream) {
      return create(stream, subject, console);
    }
    throw new Failure(
        ExitCode.FAILED,
        "Consumer \"%s\" was deleted, and with it how far it was: the next start creates it anew"
            .formatted(name));
  }

  /** The server will know how far its readers are: they may go and come back. */
  private BaseConsumerContext create(StreamContext stream, String subject, Console console)
      throws IOException, JetStreamApiException {
    StartPosition start = from == null ? StartPosition.ALL : from;
    ConsumerConfiguration.Builder wanted =
        ConsumerConfiguration.builder()
            .durable(name)
            .filterSubject(subject)
            .deliverPolicy(start.policy())
            .startTime(start.time())
            // Every message is acknowledged on its own; the others come again.
            .ackPolicy(AckPolicy.Explicit);
    if (start.sequence() > 0) {
      wanted.startSequence(start.sequence());
    }
    BaseConsumerContext created = stream.createOrUpdateConsumer(withRedelivery(wanted));
    console.info(
        "Created consumer \"%s\": %s"
            .formatted(name, waiting(stream.getConsumerInfo(name).getNumPending())));
    known = true;
    return created;
  }

  private BaseConsumerContext openExisting(
      StreamContext stream, String subject, ConsumerInfo found, Console console)
      throws IOException, JetStreamApiException, Failure {
    ConsumerConfiguration config = found.getConsumerConfiguration();
    if (!subject.equals(config.getFilterSubject())) {
      throw new Failure(
          ExitCode.FAILED,
          "Consumer \"%s\" reads subject \"%s\", not \"%s\": choose another --durable"
              .formatted(name, config.getFilterSubject(), subject));
    }
    if (!known) {
      console.info(
          "Consumer \"%s\" goes on where it stopped: %s, %d came without being acknowledged and come again"
              .formatted(name, waiting(found.getNumPending()), found.getNumAckPending()));
      if (from != null) {
        console.warn("--from is for a new consumer: it changes nothing here");
      }
    }
    known = true;
    return ackWait == null && backoff == null && maxDeliver == null
        ? stream.getConsumerContext(name)
        : stream.createOrUpdateConsumer(withRedelivery(ConsumerConfiguration.builder(config)));
  }

  private static String waiting(long messages) {
    return messages == 1 ? "1 message waits" : messages + " messages wait";
  }

  private ConsumerConfiguration withRedelivery(ConsumerConfiguration.Builder consumer) {
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

  /**
   * The reader itself knows how far it is; the consumer on the server lives as long as it reads.
   */
  private BaseConsumerContext openOrdered(StreamContext stream, String subject, long last)
      throws IOException, JetStreamApiException {
    StartPosition start =
        last > 0 ? StartPosition.after(last) : from == null ? StartPosition.ALL : from;
    OrderedConsumerConfiguration wanted =
        new OrderedConsumerConfiguration()
            .filterSubject(subject)
            .deliverPolicy(start.policy())
            .startTime(start.time());
    if (start.sequence() > 0) {
      wanted.startSequence(start.sequence());
    }
    return stream.createOrderedConsumer(wanted);
  }

  private ConsumerInfo find(StreamContext stream) throws IOException, JetStreamApiException {
    try {
      return stream.getConsumerInfo(name);
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == JetStreamErrors.CONSUMER_NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }
}
