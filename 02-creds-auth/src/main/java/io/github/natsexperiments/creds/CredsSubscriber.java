package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
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
import io.nats.client.Nats;
import io.nats.client.Options;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Prints messages as a user who has proved who it is, and who may subscribe to one subject only.
 *
 * <p>Before: {@code java -jar 02-creds-auth/target/issuer.jar}, and a server with the configuration
 * that it writes.<br>
 * Terminal 1: {@code java -jar 02-creds-auth/target/subscriber.jar --creds
 * 02-creds-auth/creds/subscriber.creds}<br>
 * Terminal 2: {@code java -jar 02-creds-auth/target/publisher.jar --creds
 * 02-creds-auth/creds/publisher.creds}
 *
 * <p>Watch for this: subscribe to another subject, and the call succeeds; the server's refusal
 * comes a moment later, to the ErrorListener.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/connecting/creds">NATS documentation:
 *     connecting with a credentials file</a>
 */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Prints the messages of a subject, logged in with a credentials file.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar --creds creds/subscriber.creds",
      "  NATS_CREDS=creds/subscriber.creds java -jar subscriber.jar -n 5 -t 10s",
      "  java -jar subscriber.jar --creds creds/subscriber.creds --subject bar   refused"
    })
public final class CredsSubscriber implements Callable<Integer> {
  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration DRAIN_TIMEOUT_ALONE = Duration.ofSeconds(1);

  @Mixin private CommonOptions common;
  @Mixin private SubscriberOptions subscriber;

  @Option(
      names = "--creds",
      paramLabel = "FILE",
      defaultValue = "${env:NATS_CREDS}",
      description = "Credentials file of the user; environment NATS_CREDS. Default: none.")
  private Path credsFile;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForSubscribing.class,
      description = "Subject; * is any one token, > the whole rest. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CredsSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    CredsFile creds = credsFile == null ? null : CredsFile.read(credsFile);
    try (Stop stop = Stop.onSignals()) {
      AccessListener access = new AccessListener(creds, stop);
      try (Connection connection = Connections.connect(options(access), access::whyRejected)) {
        access.connected(connection);
        return receive(connection, access, stop);
      }
    }
  }

  /** As in the publisher, where the credentials have their comment; lesson 1 explains the rest. */
  private Options options(AccessListener access) {
    Options.Builder options =
        Options.builder()
            .servers(common.servers())
            .connectionName("NATS simple example subscriber")
            .connectionTimeout(Duration.ofSeconds(10))
            .pingInterval(Duration.ofSeconds(20))
            .maxPingsOut(6)
            .maxReconnects(-1)
            .reconnectWait(Duration.ofSeconds(5))
            .connectionListener(access)
            .errorListener(access);
    if (credsFile != null) {
      options.authHandler(Nats.credentials(credsFile.toString()));
    }
    return options.build();
  }

  private int receive(Connection connection, AccessListener access, Stop stop)
      throws Failure, InterruptedException, ExecutionException, TimeoutException {
    Console console = common.console(stop);
    Tally received = common.tally("Received", subscriber.count(), true);
    Dispatcher dispatcher =
        connection.createDispatcher(
            message -> {
              if (received.messages() == subscriber.count()) {
                return; // on its way when the last one was counted
              }
              received.add(message.getData());
              console.received(message.getSubject(), message.getReplyTo(), message.getData());
              if (received.messages() == subscriber.count()) {
                stop.ask(Stop.Reason.DONE);
              }
            });
    // Without these, what waits for a slow handler may fill the heap; lesson 1 tells more.
    long heap = Runtime.getRuntime().maxMemory();
    dispatcher.setPendingLimits(Math.min(131_072, heap / 1024), Math.min(64 << 20, heap / 4));
    dispatcher.subscribe(subject);
    // With this round trip the server knows of the subscription, or has refused it.
    connection.flush(FLUSH_TIMEOUT);
    access.check(connection);
    console.info("Waiting for messages on subject \"" + subject + "\"");

    Stop.Reason reason = stop.await(subscriber.timeout(), received);
    if (reason != Stop.Reason.FAILED) {
      drain(connection, console);
    }
    console.info(received.summary());
    stop.throwFailure();
    if (reason == Stop.Reason.TIMEOUT) {
      throw new Failure(
          ExitCode.GAVE_UP,
          "Gave up: no message on \"%s\" for %d ms"
              .formatted(subject, subscriber.timeout().toMillis()));
    }
    if (reason == Stop.Reason.DONE && received.hasMissing()) {
      throw new Failure(
          ExitCode.GAVE_UP,
          "Messages are missing: core NATS delivers at most once; lesson 03 keeps them");
    }
    return ExitCode.DONE;
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
}
