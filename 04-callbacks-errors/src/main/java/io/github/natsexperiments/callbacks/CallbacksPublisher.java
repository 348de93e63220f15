package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.resilience.ConnectionClosedException;
import io.github.natsexperiments.resilience.IdempotentPublisher;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Options;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Publishes to a stream so that nothing is lost and nothing is stored twice, whatever happens to
 * the server: each message has an id and is sent again until the stream has acknowledged it.
 *
 * <p>Terminal 1: {@code java -jar 04-callbacks-errors/target/subscriber.jar}<br>
 * Terminal 2: {@code java -jar 04-callbacks-errors/target/publisher.jar}
 *
 * <p>Watch for this: kill the server, start it again, and follow the {@code event:} lines; the
 * subscriber still counts missing 0, duplicated 0.
 *
 * @see <a href="https://docs.nats.io/learn/resilient-clients/reconnection">NATS documentation:
 *     reconnecting</a>
 */
@Command
public final class CallbacksPublisher implements Callable<Integer> {
  @Mixin private CallbacksPublisherOptions options;

  private Run run;
  private ConnectionEvents events;
  private Connection connection;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CallbacksPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run started = options.run()) {
      run = started;
      events = new ConnectionEvents(run.console());
      events.onClose(() -> run.stop().ask(Stop.Reason.DONE));
      try (Connection connected = run.connect(settings(), events::stuck)) {
        connection = connected;
        JetStreamHints.checkServer(connection);
        publish();
        events.throwIfEnded(connection);
      } catch (JetStreamApiException e) {
        throw JetStreamHints.failure("Stream \"" + options.stream() + "\"", e);
      } catch (ConnectionClosedException e) {
        throw events.ending(connection);
      }
      return run.result();
    }
  }

  private Options settings() throws Failure {
    Options.Builder settings =
        run.settings("NATS simple example publisher")
            // Every callback of these two listeners is printed as an event.
            .connectionListener(events)
            .errorListener(events)
            // Lessons 1 and 2 wait 5 s between two attempts. Here messages flow again within 2 s
            // of the server's return.
            .reconnectWait(Duration.ofSeconds(1))
            // No buffer for the time without a server: only the publisher's window keeps messages,
            // and sends them again. jnats' own 8 MB would send them later, too.
            .reconnectBufferSize(0);
    if (options.fastDetect()) {
      // Noticed after 6 to 8 s. The price: a pause of that length costs a reconnect.
      settings.pingInterval(Duration.ofSeconds(2)).maxPingsOut(2);
      // An attempt at a server that accepts but does not speak ends soon, too.
      settings.connectionTimeout(Duration.ofSeconds(2));
    }
    return settings.build();
  }

  private void publish() throws Exception {
    StreamLookup lookup = new StreamLookup(connection, options, events, run);
    PublishEvents acks = new PublishEvents(connection, events, run, lookup);
    try (IdempotentPublisher jetStream = lookup.publisher(acks)) {
      if (jetStream == null) {
        return; // stopped before the server answered
      }
      long number = jetStream.nextNumber();
      PayloadSource payloads = options.payloads(run, connection, number);
      byte[] payload;
      try {
        for (; (payload = payloads.next()) != null; number++) {
          // Waits for room in the window, not for the ack: the PublishEvents hear of that.
          jetStream.send(options.subject(), options.headers(), payload);
        }
      } catch (IllegalArgumentException e) { // larger than the server takes
        String why = "#" + number + " not sent: " + e.getMessage();
        run.stop().fail(new Failure(ExitCode.FAILED, why, e));
      }
      // Stays until the last ack, however long the server is away; when we are asked to end, only
      // as long as a server needs that is there.
      long unknown = jetStream.awaitAcks();
      if (unknown > 0) {
        String what = " messages have no ack: stored or not, nobody knows; --resume looks";
        run.console().warn(unknown + what + " and goes on");
      }
      acks.throwIfRefused(options.stream());
    }
  }
}
