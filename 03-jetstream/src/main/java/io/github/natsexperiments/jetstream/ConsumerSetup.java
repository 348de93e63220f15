package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.Names;
import io.github.natsexperiments.cli.Numbers;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.cli.Tally;
import io.github.natsexperiments.resilience.AckSubject;
import io.github.natsexperiments.resilience.ConsumerListener;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The subscriber's consumer, which is a bookmark on the server: how far somebody has read, and what
 * is delivered and not acknowledged. Its options, and what is said of it and its stream.
 *
 * @see <a href="https://docs.nats.io/learn/jetstream/pull-consumers">NATS documentation:
 *     consumers</a>
 */
final class ConsumerSetup implements ConsumerListener {
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

  private Connection connection;
  private String stream;
  private String subject;
  private Console console;
  private Tally tally;
  private List<String> streamSubjects = List.of();
  private long lastDelivery; // of the consumer, to any reader

  ConsumerSetup on(Connection connection, String stream, String subject, Run run) {
    this.connection = connection;
    this.stream = stream;
    this.subject = subject;
    this.console = run.console();
    this.tally = run.tally();
    return this;
  }

  /** Whether messages come without being acknowledged. */
  boolean ordered() {
    return ordered;
  }

  /** A new consumer. */
  ConsumerConfiguration configuration() {
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

  @Override
  public void streamNotFound(JetStreamApiException e, boolean gone) {
    if (gone) {
      console.warn(JetStreamHints.gone(stream));
    }
    console.info("Waiting for stream \"" + stream + "\": publisher.jar creates it");
  }

  @Override
  public void streamFound(StreamInfo found, boolean replaced) throws Failure {
    if (replaced) {
      console.warn(JetStreamHints.gone(stream) + "; this is a new one");
    }
    StreamConfiguration config = found.getConfiguration();
    streamSubjects = config.getSubjects();
    boolean fromElsewhere =
        config.getMirror() != null
            || config.getSources() != null && !config.getSources().isEmpty()
            || config.getSubjectTransform() != null;
    if (!fromElsewhere && streamSubjects.stream().noneMatch(s -> Subjects.overlap(s, subject))) {
      // The server would accept that, and nothing would ever arrive.
      throw new Failure(
          ExitCode.FAILED,
          "Stream \"%s\" has no subject \"%s\": choose another --subject or --stream"
              .formatted(stream, subject));
    }
  }

  @Override
  public void consumerFound(ConsumerInfo found) throws Exception {
    ConsumerConfiguration config = found.getConsumerConfiguration();
    List<String> filters = config.getFilterSubjects();
    boolean fits =
        filters == null || filters.isEmpty()
            ? streamSubjects.stream().allMatch(each -> Subjects.covers(subject, each))
            : filters.equals(List.of(subject));
    if (!fits) {
      String what =
          filters == null || filters.isEmpty()
              ? "every subject of its stream"
              : "subject \"" + String.join("\", \"", filters) + "\"";
      throw new Failure(
          ExitCode.FAILED,
          "Consumer \"%s\" reads %s, not \"%s\": choose another --durable"
              .formatted(name, what, subject));
    }
    JetStreamHints.requireExplicitAcks(found);
    console.info(
        "Consumer \"%s\" resumes where it stopped: %s, %d without an ack will be delivered again"
            .formatted(name, waiting(found.getNumPending()), found.getNumAckPending()));
    if (JetStreamHints.paused(found) != null) {
      console.warn(JetStreamHints.paused(found));
    }
    if (from != null) {
      console.warn("--from is for a new consumer: it changes nothing here");
    }
    if (ackWait != null || backoff != null || maxDeliver != null) {
      // Only what the command line asks for changes.
      connection
          .jetStreamManagement()
          .addOrUpdateConsumer(stream, withRedelivery(ConsumerConfiguration.builder(config)));
    }
  }

  @Override
  public void consumerCreated(ConsumerInfo created) {
    console.info("Created consumer \"%s\": %s".formatted(name, waiting(created.getNumPending())));
  }

  /** What others who share the consumer got is not missing. */
  void delivered(Message message) {
    long delivery = AckSubject.consumerSequence(message);
    if (lastDelivery > 0) {
      tally.givenToOthers(Math.max(0, delivery - lastDelivery - 1));
    }
    lastDelivery = delivery;
  }

  @Override
  public void ackedAgain(Message message) {
    delivered(message);
  }

  private static String waiting(long messages) {
    return messages == 1 ? "1 message waiting" : messages + " messages waiting";
  }

  @Override
  public void consumerDeleted(JetStreamApiException e) throws Failure {
    throw new Failure(
        ExitCode.FAILED,
        "Consumer \"%s\" was deleted, and with it its position: the next start creates it again"
            .formatted(name),
        e);
  }

  @Override
  public void consuming() {
    console.info("Waiting for messages in stream \"" + stream + "\"");
  }

  @Override
  public void retrying(String reason) {
    console.warn("No messages from the server, retrying: " + reason);
  }

  @Override
  public void resumed(Duration after) {
    console.info("The server sends messages again, after " + after.toSeconds() + " s");
  }

  @Override
  public void cannotLook(NotPermittedException e) {
    console.warn("Reading without a look at what is there: " + e.getMessage());
  }
}
