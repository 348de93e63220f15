package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.resilience.IdempotentPublisher;
import io.github.natsexperiments.resilience.PublishListener;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Options;
import io.nats.client.api.PublishAck;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Publishes messages into a JetStream stream, which keeps them until somebody reads them, and
 * prints the server's ack for each.
 *
 * <p>Terminal 1: {@code java -jar 03-jetstream/target/publisher.jar}<br>
 * Terminal 2: {@code java -jar 03-jetstream/target/subscriber.jar}
 *
 * <p>Watch for this: the subscriber may come later, go and come back; it gets every message. An ack
 * says that the stream has the message; without one the publisher sends it again, with the same id,
 * so that the stream keeps it once.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream">NATS documentation: JetStream</a>
 */
@Command
public final class JetStreamPublisher implements Callable<Integer>, PublishListener {
  @Mixin private JetStreamPublisherOptions options;

  private Run run;
  private StreamSetup stream;
  private long refused;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new JetStreamPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run started = options.run();
        Connection connection = started.connect(settings(started))) {
      run = started;
      JetStreamErrors.checkServer(connection);
      stream = new StreamSetup(connection, options.stream(), run.console());
      stream.ensure();
      // Like connection.jetStream(), but what has no ack is sent again with the same message id.
      try (IdempotentPublisher jetStream =
          IdempotentPublisher.builder(connection)
              .window(Math.max(1, options.window()))
              .listener(this)
              .stopWhen(run.stop()::asked)
              .build()) {
        publish(connection, jetStream);
      }
      if (refused > 0) {
        throw new Failure(ExitCode.FAILED, refused + " messages were refused: they are not stored");
      }
      return run.result();
    }
  }

  private static Options settings(Run run) {
    return run.settings("NATS simple example publisher")
        // Lesson 1 waits 5 s. Whoever wants to go on soon after the server is back asks more often.
        .reconnectWait(Duration.ofSeconds(1))
        .build();
  }

  private void publish(Connection connection, IdempotentPublisher jetStream) throws Exception {
    PayloadSource payloads = options.payloads(run, connection);
    Failure tooLarge = null;
    byte[] payload;
    while (tooLarge == null && (payload = payloads.next()) != null) {
      try {
        if (options.window() > 0) {
          jetStream.send(options.subject(), payload); // stored() hears of the ack
        } else {
          PublishAck ack = jetStream.publish(options.subject(), payload);
          stored(payload, ack.getStream(), ack.getSeqno(), ack.isDuplicate());
        }
      } catch (JetStreamApiException e) {
        refused(jetStream.nextNumber() - 1, payload, e);
      } catch (IllegalArgumentException e) {
        String text = "A message is larger than the %d bytes that the server takes (max_payload)";
        tooLarge = new Failure(ExitCode.FAILED, text.formatted(connection.getMaxPayload()), e);
      }
    }
    long unknown = jetStream.awaitAcks();
    run.stop().throwFailure();
    if (unknown > 0) {
      String text = unknown + " messages have no ack: they may be stored or not";
      throw new Failure(ExitCode.FAILED, text);
    }
    if (tooLarge != null) {
      throw tooLarge;
    }
  }

  @Override
  public void stored(Stored message) {
    stored(message.body(), message.stream(), message.sequence(), message.duplicate());
  }

  private void stored(byte[] payload, String streamName, long sequence, boolean duplicate) {
    run.tally().add(payload);
    run.console().acked(streamName, sequence, duplicate ? "duplicate = \"true\"" : "");
  }

  @Override
  public void refused(long number, byte[] payload, JetStreamApiException reason) {
    if (refused++ == 0 || !run.console().quiet()) {
      String why = JetStreamErrors.explain(reason);
      run.console().warn("Message #" + number + " was refused: " + why);
    }
  }

  @Override
  public void noAnswer(int messages, String reason) {
    String what = "No ack (%s): sending again with the same ids, until there is one: %d messages";
    run.console().warn(what.formatted(reason, messages));
  }

  @Override
  public void sendingAgain(int messages) throws IOException, InterruptedException {
    try {
      stream.ensure();
    } catch (Failure e) {
      run.stop().fail(e);
      throw new IOException(e);
    }
  }

  @Override
  public void answered(Duration silence, int found, int sentAgain) {
    String what = "Acks come again, after %d ms; sent again: %d messages";
    run.console().info(what.formatted(silence.toMillis(), sentAgain));
  }
}
