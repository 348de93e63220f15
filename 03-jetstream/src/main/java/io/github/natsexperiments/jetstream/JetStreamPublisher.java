package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.resilience.IdempotentPublisher;
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
 * @see <a href="https://docs.nats.io/learn/jetstream/publishing">NATS documentation: JetStream</a>
 */
@Command
public final class JetStreamPublisher implements Callable<Integer> {
  @Mixin private JetStreamPublisherOptions options;

  private Run run;
  private AckLog acks;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new JetStreamPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run started = options.run();
        Connection connection = started.connect(settings(started))) {
      run = started;
      JetStreamHints.checkServer(connection);
      StreamSetup stream = new StreamSetup(connection, options.stream(), run.console());
      stream.ensure();
      acks = new AckLog(run, stream);
      // Like connection.jetStream(), but what has no ack is sent again with the same message id.
      try (IdempotentPublisher jetStream =
          IdempotentPublisher.builder(connection)
              .window(Math.max(1, options.window()))
              .listener(acks)
              .stopWhen(run.stop()::asked)
              .build()) {
        publish(connection, jetStream);
      }
      acks.throwIfRefused();
      return run.result();
    } catch (IOException | IllegalStateException e) {
      if (run != null) {
        run.throwFailure(); // where a listener of the connection knows why
      }
      throw e;
    }
  }

  private Options settings(Run run) throws Failure {
    return run.settings("NATS simple example publisher", options.subject())
        // Lesson 1 waits 5 s between attempts; a shorter wait resumes sooner after a restart.
        .reconnectWait(Duration.ofSeconds(1))
        .build();
  }

  private void publish(Connection connection, IdempotentPublisher jetStream) throws Exception {
    PayloadSource payloads = options.payloads(run, connection);
    IllegalArgumentException tooLarge = null;
    byte[] payload;
    while (tooLarge == null && (payload = payloads.next()) != null) {
      try {
        if (options.window() > 0) {
          jetStream.send(options.subject(), options.headers(), payload); // AckLog hears of it
        } else {
          PublishAck ack = jetStream.publish(options.subject(), options.headers(), payload);
          acks.stored(payload, ack.getStream(), ack.getSeqno(), ack.isDuplicate());
        }
      } catch (JetStreamApiException e) {
        acks.refused(jetStream.nextNumber() - 1, options.subject(), payload, e);
      } catch (IllegalArgumentException e) {
        tooLarge = e;
      }
    }
    long unknown = 0;
    try {
      unknown = jetStream.awaitAcks();
    } catch (IllegalArgumentException e) {
      tooLarge = e; // the limit is another one since the last reconnect
    }
    run.throwFailure();
    if (unknown > 0) {
      String text = unknown + " messages have no ack: they may be stored or not";
      throw new Failure(ExitCode.FAILED, text);
    }
    if (tooLarge != null) {
      String text = "A message is larger than the %d bytes that the server takes (max_payload)";
      throw new Failure(ExitCode.FAILED, text.formatted(connection.getMaxPayload()), tooLarge);
    }
  }
}
