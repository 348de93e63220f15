package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.resilience.ResumingConsumer;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import io.nats.client.support.NatsJetStreamConstants;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Reads a JetStream stream through a durable consumer: prints each message and acknowledges it
 * afterwards, and begins the next time where it stopped.
 *
 * <p>Terminal 1: {@code java -jar 03-jetstream/target/publisher.jar}<br>
 * Terminal 2: {@code java -jar 03-jetstream/target/subscriber.jar}
 *
 * <p>Watch for this: stop this program, wait, start it again; nothing is missing. Start it twice:
 * the two share the messages. What was delivered and not acknowledged comes again.
 *
 * @see <a href="https://docs.nats.io/learn/jetstream/pull-consumers">NATS documentation:
 *     consumers</a>
 */
@Command
public final class JetStreamSubscriber implements Callable<Integer> {
  @Mixin private JetStreamSubscriberOptions options;

  private Run run;
  private ConsumerEvents events;
  private ResumingConsumer consumer;
  private int unconfirmed; // acks in a row

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new JetStreamSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run started = options.run();
        Connection connection =
            started.connect(
                started
                    .settings("NATS simple example subscriber")
                    // A shorter wait than lesson 1's: resumes sooner after a restart of the server.
                    .reconnectWait(Duration.ofSeconds(1))
                    .build())) {
      run = started;
      JetStreamHints.checkServer(connection);
      events = options.events(connection, run);
      // ConsumerContext.consume would be silent for a minute after a restart of the server.
      try (ResumingConsumer resuming =
          ResumingConsumer.of(connection, options.stream(), options.consumer(), events)) {
        consumer = resuming;
        consumer.consume(
            options.batch(), () -> options.count() - run.tally().messages(), this::handle);
        run.stop().await(options.timeout(), run.tally(), consumer::throwIfFailed);
        drain();
      }
      return run.result(
          options.gaveUp(),
          "Messages are missing: they were never stored, or a limit of the stream removed them");
    }
  }

  /** One message after the other, in a thread of the consumer's own. */
  private void handle(Message message) throws InterruptedException {
    events.delivered(message);
    if (!run.console().received(message, options.headers())) {
      consumer.stop();
      message.nak(); // not read here: for another reader
      return;
    }
    for (long left = options.workMillis(); left > 0; left -= options.inProgressMillis) {
      Thread.sleep(Math.min(left, options.inProgressMillis));
      if (left > options.inProgressMillis) {
        message.inProgress(); // not done yet: the ack wait begins again
      }
    }
    Headers headers = message.getHeaders();
    run.tally()
        .add(
            message.getData(),
            headers == null ? null : headers.getFirst(NatsJetStreamConstants.MSG_ID_HDR));
    if (!options.ordered()) {
      // Only after the work: a crash in between would lose a message acknowledged before.
      acknowledge(message);
    }
    if (run.tally().messages() == options.count()) {
      run.stop().ask(Stop.Reason.DONE);
    }
  }

  private void acknowledge(Message message) throws InterruptedException {
    try {
      if (options.ackSync()) {
        message.ackSync(Duration.ofSeconds(2));
      } else {
        message.ack();
      }
      unconfirmed = 0;
      run.console().acked(message);
    } catch (TimeoutException e) {
      message.ack(); // sent when the server is back; the consumer remembers it as handled
      if (unconfirmed++ == 0) { // else it was said of the one before
        long sequence = message.metaData().streamSequence();
        run.console().warn("Ack not confirmed, so it may come again: " + sequence);
      }
    }
  }

  /** Asks for nothing more, handles what has arrived, and hands back the rest. */
  private void drain() throws InterruptedException {
    try {
      if (!consumer.drain(run.drainTimeout())) {
        run.console().warn("Some messages were not handled in time: they come again");
      }
    } catch (TimeoutException e) {
      run.console().warn("The server did not answer: messages without an ack come again");
    }
  }
}
