package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.resilience.ConsumerListener;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StreamInfo;
import java.time.Duration;
import java.util.List;

/** What happens to the consumer, as {@code event:} lines; and whether it is the one we want. */
final class ConsumerEvents implements ConsumerListener {
  private final Connection connection;
  private final ConnectionEvents events;
  private final CallbacksSubscriberOptions options;
  private final Deliveries deliveries;

  ConsumerEvents(
      Connection connection,
      ConnectionEvents events,
      CallbacksSubscriberOptions options,
      Deliveries deliveries) {
    this.connection = connection;
    this.events = events;
    this.options = options;
    this.deliveries = deliveries;
  }

  @Override
  public void streamNotFound(JetStreamApiException e, boolean gone) throws Failure {
    if (gone) { // and with it how far we were; until it is there at all, the publisher creates it
      throw JetStreamHints.failure("Stream \"" + options.stream() + "\"", e);
    }
  }

  @Override
  public void streamFound(StreamInfo stream, boolean replaced) throws Failure {
    if (replaced) { // so quickly that it was never seen missing
      String gone = JetStreamHints.gone(options.stream());
      throw new Failure(ExitCode.FAILED, gone + "; this is a new one");
    }
  }

  @Override
  public void streamWentBack(long lastSequence) {
    deliveries.forgetAfter(lastSequence);
    events.report("went back", connection, JetStreamHints.wentBack(options.stream(), lastSequence));
  }

  @Override
  public void consumerDeleted(JetStreamApiException e) throws Failure {
    throw JetStreamHints.failure("Stream \"" + options.stream() + "\"", e);
  }

  /** A consumer that is there is somebody's: it is taken as it is, or not at all. */
  @Override
  public void consumerFound(ConsumerInfo consumer) throws Failure {
    JetStreamHints.requireExplicitAcks(consumer);
    ConsumerConfiguration found = consumer.getConsumerConfiguration();
    List<String> filters =
        found.getFilterSubjects() == null ? List.of() : found.getFilterSubjects();
    refuseIf(
        options.filter() != null && !filters.equals(List.of(options.filter())),
        "reads " + (filters.isEmpty() ? "all" : String.join(", ", filters)),
        options.filter());
    Duration ackWait = found.getAckWait(); // null where the server knows no such thing
    refuseIf(
        options.ackWait != null && !options.ackWait.equals(ackWait),
        "waits for acks for " + (ackWait == null ? "ever" : ackWait.toMillis() + " ms"),
        options.ackWait == null ? "" : options.ackWait.toMillis() + " ms");
    if (JetStreamHints.paused(consumer) != null) {
      events.report("paused", connection, JetStreamHints.paused(consumer));
    }
  }

  private void refuseIf(boolean differs, String is, String wanted) throws Failure {
    if (differs) {
      throw new Failure(
          ExitCode.FAILED,
          "Consumer \"%s\" is there and %s, not %s: leave out that option, or choose another --durable"
              .formatted(options.durable(), is, wanted));
    }
  }

  /**
   * A paused server, a hole in the network, a cluster that elects a leader: no event of jnats says
   * so for minutes, or ever.
   */
  @Override
  public void retrying(String reason) throws Failure {
    JetStreamHints.checkServer(connection); // it may have been restarted without JetStream
    events.report("no answer", connection, "messages will wait (" + reason + ")");
  }

  @Override
  public void resumed(Duration after) {
    events.report("answer", connection, "after " + after.toMillis() + " ms");
  }

  @Override
  public void cannotLook(NotPermittedException e) {
    events.report("not permitted", connection, e.getMessage() + "; reading what is there");
  }
}
