package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.cli.Tally;
import io.github.natsexperiments.resilience.AckSubject;
import io.github.natsexperiments.resilience.ConsumerListener;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.time.Duration;
import java.util.List;

/** What becomes of the subscriber's stream and consumer, on standard error. */
final class ConsumerEvents implements ConsumerListener {
  private final Connection connection;
  private final ConsumerOptions options;
  private final String stream;
  private final String subject;
  private final Console console;
  private final Tally tally;
  private List<String> streamSubjects = List.of();
  private long lastDelivery; // of the consumer, to any reader

  ConsumerEvents(
      Connection connection, ConsumerOptions options, String stream, String subject, Run run) {
    this.connection = connection;
    this.options = options;
    this.stream = stream;
    this.subject = subject;
    this.console = run.console();
    this.tally = run.tally();
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
      console.warn(JetStreamHints.gone(stream) + "; this is a new one, or an older state of it");
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
  public void streamWentBack(long lastSequence) {
    console.warn(JetStreamHints.wentBack(stream, lastSequence));
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
              .formatted(options.name(), what, subject));
    }
    JetStreamHints.requireExplicitAcks(found);
    console.info(
        "Consumer \"%s\" resumes where it stopped: %s, %d without an ack will be delivered again"
            .formatted(options.name(), waiting(found.getNumPending()), found.getNumAckPending()));
    if (JetStreamHints.paused(found) != null) {
      console.warn(JetStreamHints.paused(found));
    }
    if (options.hasPosition()) {
      console.warn("--from is for a new consumer: it changes nothing here");
    }
    if (options.changesRedelivery()) {
      // Only what the command line asks for changes.
      connection
          .jetStreamManagement()
          .addOrUpdateConsumer(
              stream, options.withRedelivery(ConsumerConfiguration.builder(config)));
    }
    if (options.hasAckWait() && !config.getBackoff().isEmpty()) {
      console.warn(
          "--ack-wait changes nothing: the consumer has a backoff, which the server takes");
    }
  }

  @Override
  public void consumerCreated(ConsumerInfo created) {
    console.info(
        "Created consumer \"%s\": %s".formatted(options.name(), waiting(created.getNumPending())));
  }

  /** What others who share the consumer got is not missing. */
  void delivered(Message message) {
    long delivery = AckSubject.of(message).consumerSequence();
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
            .formatted(options.name()),
        e);
  }

  @Override
  public void consuming() {
    console.info("Waiting for messages in stream \"" + stream + "\"");
  }

  @Override
  public void retrying(String reason) throws Failure {
    JetStreamHints.checkServer(connection); // it may have been restarted without JetStream
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
