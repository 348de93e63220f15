package io.github.natsexperiments.basic;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.cli.SubscriberOptions;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Options;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Subscribes to a subject over core NATS and prints what comes; with {@code --queue} it shares the
 * messages with other members of the group, with {@code --reply} it answers requests.
 *
 * <p>Terminal 1: {@code java -jar 01-basic/target/subscriber.jar}<br>
 * Terminal 2: {@code java -jar 01-basic/target/publisher.jar}
 *
 * <p>Watch for this: what was published before this program came is gone, and the first number on
 * the screen shows how much that was.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/core-nats/pubsub">NATS documentation:
 *     publish-subscribe</a>
 * @see <a href="https://docs.nats.io/nats-concepts/core-nats/queue">NATS documentation: queue
 *     groups</a>
 */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Subscribes to a subject over core NATS and prints the messages.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar                       print until Ctrl-C",
      "  java -jar subscriber.jar --subject 'foo.>'     all subjects that begin with foo.",
      "  java -jar subscriber.jar --queue workers       share the messages with other members",
      "  java -jar subscriber.jar --reply 'Well received'",
      "  java -jar subscriber.jar -n 10 -t 5s           ten messages, 5 s of patience"
    })
public final class BasicSubscriber implements Callable<Integer> {
  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration DRAIN_TIMEOUT_ALONE = Duration.ofSeconds(1);

  private final ConnectionLog log = new ConnectionLog();

  @Mixin private CommonOptions common;
  @Mixin private SubscriberOptions subscriber;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForSubscribing.class,
      description = "Subject; * is any one token, > the whole rest. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  @Option(
      names = "--queue",
      paramLabel = "GROUP",
      converter = Subjects.ForSubscribing.class,
      description = "Join a queue group: each message goes to one of its members.")
  private String queue;

  @Option(
      names = "--reply",
      paramLabel = "TEXT",
      arity = "0..1",
      fallbackValue = "Thanks",
      description = "Answer requests with TEXT (default: ${FALLBACK-VALUE}).")
  private String reply;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new BasicSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Stop stop = Stop.onSignals();
        Connection connection = Connections.connect(options())) {
      Console console = common.console(stop);
      // A member of a queue group gets its share of the numbers: gaps say nothing there.
      Tally received = common.tally("Received", subscriber.count(), queue == null);
      Dispatcher dispatcher = subscribe(connection, console, received, stop);

      // A subscription is only queued, too. Once this round trip is back, the server knows of it
      // and no later message can be missed.
      connection.flush(FLUSH_TIMEOUT);
      console.info("Waiting for messages on subject \"" + subject + "\"; earlier ones are gone");

      stop.await(subscriber.timeout(), received);
      drain(connection, console);
      console.info(received.summary());
      if (dispatcher.getDroppedCount() > 0) {
        console.warn(
            dispatcher.getDroppedCount() + " messages were dropped: the handler was too slow");
      }
      return result(stop, received);
    }
  }

  /** The same eight settings as in the publisher, where each has its comment. */
  private Options options() {
    return Options.builder()
        .servers(common.servers())
        .connectionName("NATS simple example subscriber")
        .connectionTimeout(Duration.ofSeconds(10))
        .pingInterval(Duration.ofSeconds(20))
        .maxPingsOut(6)
        .maxReconnects(-1)
        .reconnectWait(Duration.ofSeconds(5))
        .connectionListener(log)
        .errorListener(log)
        .build();
  }

  /** A dispatcher calls its handler in a thread of its own, one message after the other. */
  private Dispatcher subscribe(Connection connection, Console console, Tally received, Stop stop) {
    Dispatcher dispatcher =
        connection.createDispatcher(
            message -> {
              if (received.messages() == subscriber.count()) {
                return; // on its way when the last one was counted
              }
              received.add(message.getData());
              console.received(message.getSubject(), message.getReplyTo(), message.getData());
              if (reply != null && message.getReplyTo() != null) {
                connection.publish(message.getReplyTo(), reply.getBytes(StandardCharsets.UTF_8));
              }
              if (received.messages() == subscriber.count()) {
                stop.ask(Stop.Reason.DONE);
              }
            });
    limitPending(dispatcher);
    if (queue == null) {
      dispatcher.subscribe(subject);
    } else {
      dispatcher.subscribe(subject, queue);
      if (subscriber.count() <= Integer.MAX_VALUE) {
        // The server stops after that many: what we would not print goes to the other members.
        dispatcher.unsubscribe(subject, (int) subscriber.count());
      }
    }
    return dispatcher;
  }

  /**
   * What the handler has not got to yet waits in memory. jnats allows 524,288 messages or 64 MB,
   * whatever the heap: a small one would run out of memory before. Beyond the limit messages are
   * dropped and counted; core NATS has no way to slow the publisher down.
   */
  private static void limitPending(Dispatcher dispatcher) {
    long heap = Runtime.getRuntime().maxMemory();
    dispatcher.setPendingLimits(Math.min(131_072, heap / 1024), Math.min(64 << 20, heap / 4));
  }

  /** Unsubscribes, lets the handler finish what has arrived, then closes: nothing is cut off. */
  private static void drain(Connection connection, Console console)
      throws InterruptedException, ExecutionException {
    boolean connected = connection.getStatus() == Connection.Status.CONNECTED;
    try {
      if (!connection.drain(connected ? DRAIN_TIMEOUT : DRAIN_TIMEOUT_ALONE).get()) {
        console.warn("Some messages that had arrived were not handled in time");
      }
    } catch (TimeoutException e) {
      // The handler went on meanwhile; only the server was not there to confirm the end.
      console.warn("The server did not answer while draining");
    }
  }

  private int result(Stop stop, Tally received) throws Failure {
    if (stop.reason() == Stop.Reason.TIMEOUT) {
      throw new Failure(
          ExitCode.GAVE_UP,
          "Gave up: no message on \"%s\" for %d ms"
              .formatted(subject, subscriber.timeout().toMillis()));
    }
    if (stop.reason() == Stop.Reason.DONE && received.hasMissing()) {
      throw new Failure(
          ExitCode.GAVE_UP,
          "Messages are missing: core NATS delivers at most once; lesson 03 keeps them");
    }
    return ExitCode.DONE;
  }
}
