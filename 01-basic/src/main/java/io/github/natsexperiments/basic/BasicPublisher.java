package io.github.natsexperiments.basic;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.PublisherOptions;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Options;
import io.nats.client.RequestFailureMessage;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Publishes messages to a subject over core NATS, and asks for replies with {@code --request}.
 *
 * <p>Terminal 1: {@code java -jar 01-basic/target/subscriber.jar}<br>
 * Terminal 2: {@code java -jar 01-basic/target/publisher.jar}
 *
 * <p>Watch for this: core NATS delivers at most once. The publisher never learns who listens; start
 * it first, and the subscriber misses the messages before its own start.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/core-nats/pubsub">NATS documentation:
 *     publish-subscribe</a>
 */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Publishes messages to a subject over core NATS.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar                            one message a second",
      "  java -jar publisher.jar -n 5 -m 'Temperature {n}'  five of your own",
      "  java -jar publisher.jar --request                  wait for a reply to each",
      "  tail -f some.log | java -jar publisher.jar --stdin",
      "  java -jar publisher.jar -n 1000000 -i 0 -q --size 128"
    })
public final class BasicPublisher implements Callable<Integer> {
  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(10);

  private final ConnectionLog log = new ConnectionLog();

  @Mixin private CommonOptions common;
  @Mixin private PublisherOptions publisher;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForPublishing.class,
      description = "Subject to publish to. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  @Option(names = "--request", description = "Send requests, and print the reply to each.")
  private boolean request;

  @Option(
      names = {"-t", "--timeout"},
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "With --request: longest wait for a reply. Default: 2s.")
  private Duration timeout = Duration.ofSeconds(2);

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new BasicPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    // Nats.connect(options()) does the same, but keeps a rejected login to itself until the
    // connection timeout has passed. With jnats' own settings:
    // Nats.connect("nats://localhost:4222")
    try (Stop stop = Stop.onSignals();
        Connection connection = Connections.connect(options())) {
      Console console = common.console(stop);
      PayloadSource payloads = publisher.payloads(stop, connection.getMaxPayload());
      Tally sent = common.tally("Published", publisher.count(), false);
      try {
        byte[] payload;
        while ((payload = payloads.next()) != null) {
          if (request) {
            Message reply = request(connection, payload);
            console.received(reply.getSubject(), reply.getReplyTo(), reply.getData());
          } else {
            publish(connection, payload, stop);
            console.published(subject, payload);
          }
          sent.add(payload);
        }
        flush(connection, stop);
      } finally {
        console.info(sent.summary());
      }
    }
    return ExitCode.DONE;
  }

  private Options options() {
    return Options.builder()
        .servers(common.servers())
        // 1. The name the server shows for this connection, in its log and its monitoring.
        .connectionName("NATS simple example publisher")
        // 2. How long one attempt to connect may take.
        .connectionTimeout(Duration.ofSeconds(10))
        // 3. How often to ask an idle server whether it is still there …
        .pingInterval(Duration.ofSeconds(20))
        // 4. … and how many of these pings may stay unanswered: gone after up to 140 s of silence.
        .maxPingsOut(6)
        // 5. After the connection is lost, try again for ever (0: never; jnats' default: 60 times).
        .maxReconnects(-1)
        // 6. The wait between two rounds of attempts.
        .reconnectWait(Duration.ofSeconds(5))
        // 7. and 8. need no call: the servers are tried in random order, so that clients spread
        // over a cluster (noRandomize() keeps the order), and a connection that also subscribes
        // gets its own messages back (noEcho() turns that off).
        // Besides: a request that nobody can answer says so at once, not by its timeout.
        .advancedRequestBehavior()
        .connectionListener(log)
        .errorListener(log)
        .build();
  }

  /** Hands the message to jnats, which sends it in the background: nobody confirms anything. */
  private void publish(Connection connection, byte[] payload, Stop stop)
      throws Failure, InterruptedException {
    long max = connection.getMaxPayload();
    if (payload.length > max) {
      flush(connection, stop); // the messages before this one shall arrive
      throw new Failure(
          ExitCode.FAILED,
          "A message is larger than the %d bytes that the server takes (max_payload): send less, or in parts"
              .formatted(max));
    }
    while (true) {
      try {
        connection.publish(subject, payload);
        return;
      } catch (IllegalStateException e) {
        // While the server is away jnats keeps 5,000 messages for it. They are full, and publish()
        // has waited 2 s for room: wait on, rather than lose this message.
        if (stop.asked() || connection.getStatus() == Connection.Status.CLOSED) {
          throw new Failure(ExitCode.FAILED, "Not sent: " + e.getMessage(), e);
        }
      }
    }
  }

  /**
   * A request is a message with a reply subject of its own, on which jnats waits for one answer.
   */
  private Message request(Connection connection, byte[] payload)
      throws Failure, InterruptedException {
    Message reply = connection.request(subject, payload, timeout);
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

  /** publish() only queues. Once this round trip is back, the server has every message. */
  private void flush(Connection connection, Stop stop) throws Failure, InterruptedException {
    boolean hopeless = stop.asked() && connection.getStatus() != Connection.Status.CONNECTED;
    try {
      connection.flush(hopeless ? Duration.ofMillis(1) : FLUSH_TIMEOUT);
    } catch (TimeoutException | IllegalStateException e) {
      throw new Failure(
          ExitCode.FAILED, "The server has not confirmed the last messages: some may be lost", e);
    }
  }
}
