package io.github.natsexperiments.basic;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.Run;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Options;
import io.nats.client.RequestFailureMessage;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Publishes messages to a subject over core NATS, and asks for replies with {@code --request}.
 *
 * <p>Terminal 1: {@code java -jar 01-basic/target/subscriber.jar}<br>
 * Terminal 2: {@code java -jar 01-basic/target/publisher.jar}
 *
 * <p>Watch for this: core NATS delivers at most once. The publisher never learns who listens: start
 * it first, and the subscriber misses what was published before its own start.
 *
 * @see <a href="https://docs.nats.io/learn/core-nats/publish-subscribe">NATS documentation:
 *     publish-subscribe</a>
 */
@Command
public final class BasicPublisher implements Callable<Integer> {
  @Mixin private BasicPublisherOptions options;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new BasicPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    // Nats.connect(settings(run)) does the same, but reports a rejected login only after the
    // connection timeout. With the default settings of jnats:
    // Nats.connect("nats://localhost:4222")
    try (Run run = options.run();
        Connection connection = run.connect(settings(run))) {
      PayloadSource payloads = options.payloads(run, connection);
      byte[] payload;
      while ((payload = payloads.next()) != null) {
        if (options.request()) {
          run.console().received(request(connection, run, payload), false);
        } else {
          // jnats sends the message in the background, and nobody confirms it.
          // While the server is away, jnats buffers messages, up to a limit: then this waits.
          run.whenThereIsRoom(
              payload, body -> connection.publish(options.subject(), options.headers(), body));
          run.console().published(options.subject(), payload);
        }
        run.tally().add(payload);
      }
      // publish() only queues. After this round trip, connection.flush(), the server has it all.
      run.flush("The server has not confirmed the last messages: some may be lost");
      return run.result();
    }
  }

  private Options settings(Run run) throws Failure {
    // Logs when the server goes and comes back; ends the run when a subject is refused.
    ConnectionLog log = run.log(options.subject(), Options.DEFAULT_INBOX_PREFIX);
    Options.Builder settings =
        Options.builder()
            .servers(options.servers())
            // 1. The name the server shows for this connection, in its log and its monitoring.
            .connectionName("NATS simple example publisher")
            // 2. How long one attempt to connect may take.
            .connectionTimeout(Duration.ofSeconds(10))
            // 3. How often to ask an idle server whether it is still there …
            .pingInterval(Duration.ofSeconds(20))
            // 4. … and how many pings may stay unanswered: after up to 140 s it is taken for dead.
            .maxPingsOut(6)
            // 5. Connect again for ever when the connection is lost (0: never; default: 60 times).
            .maxReconnects(-1)
            // 6. The wait between two rounds of attempts.
            .reconnectWait(Duration.ofSeconds(5))
            // 7. and 8. need no call: the servers are tried in random order, so that clients spread
            // over a cluster (noRandomize() keeps the order), and a connection that also subscribes
            // gets its own messages back (noEcho() turns that off).
            // Also: a request that nobody can answer fails at once, not after its timeout.
            .advancedRequestBehavior()
            .reconnectBufferSize(Run.outgoingLimit()) // jnats' 8 MB, less in a small heap
            .connectionListener(log)
            .errorListener(log);
    return run.secure(settings).build(); // with the login and TLS of the command line, if any
  }

  /**
   * A request is a message with a reply subject of its own, on which jnats waits for one answer.
   */
  private Message request(Connection connection, Run run, byte[] payload)
      throws Failure, InterruptedException {
    String subject = options.subject();
    Message reply =
        run.interruptible(
            () -> connection.request(subject, options.headers(), payload, options.timeout()));
    if (reply instanceof RequestFailureMessage failure) {
      String why =
          switch (failure.getReason()) {
            case NO_RESPONDERS ->
                "No responders: nobody is subscribed to \"%s\"; start subscriber.jar --reply";
            case TIMEOUT -> "No reply on \"%s\" in time; a longer --timeout waits longer";
            case SERVER_ERROR -> "No reply on \"%s\": " + failure.getLastError();
            default -> "No reply on \"%s\": the connection was lost while waiting";
          };
      throw new Failure(ExitCode.GAVE_UP, why.formatted(subject));
    }
    return reply;
  }
}
