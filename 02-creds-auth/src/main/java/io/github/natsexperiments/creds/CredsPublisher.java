package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.PublisherOptions;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Publishes messages as a user who has proved who it is, and who may publish to one subject only.
 *
 * <p>Before: {@code java -jar 02-creds-auth/target/issuer.jar}, and a server with the configuration
 * that it writes.<br>
 * Terminal 1: {@code java -jar 02-creds-auth/target/subscriber.jar --creds
 * 02-creds-auth/creds/subscriber.creds}<br>
 * Terminal 2: {@code java -jar 02-creds-auth/target/publisher.jar --creds
 * 02-creds-auth/creds/publisher.creds}
 *
 * <p>Watch for this: the secret in the file never leaves this machine. The server sends a random
 * text, the program signs it, and the JWT tells the server whose signature that is.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/connecting/creds">NATS documentation:
 *     connecting with a credentials file</a>
 */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Publishes messages, logged in with a credentials file.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar --creds creds/publisher.creds",
      "  NATS_CREDS=creds/publisher.creds java -jar publisher.jar -n 5",
      "  java -jar publisher.jar --creds creds/publisher.creds --subject bar   refused"
    })
public final class CredsPublisher implements Callable<Integer> {
  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(10);

  @Mixin private CommonOptions common;
  @Mixin private PublisherOptions publisher;

  @Option(
      names = "--creds",
      paramLabel = "FILE",
      defaultValue = "${env:NATS_CREDS}",
      description = "Credentials file of the user; environment NATS_CREDS. Default: none.")
  private Path credsFile;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForPublishing.class,
      description = "Subject to publish to. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CredsPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    // What can be wrong with the file itself is told here, before any server is asked.
    CredsFile creds = credsFile == null ? null : CredsFile.read(credsFile);
    try (Stop stop = Stop.onSignals()) {
      AccessListener access = new AccessListener(creds, stop);
      // Nats.connect(options) would do, but would keep a rejected login to itself for 10 s.
      try (Connection connection = Connections.connect(options(access), access::whyRejected)) {
        access.connected(connection);
        publish(connection, access, stop);
      }
    }
    return ExitCode.DONE;
  }

  private Options options(AccessListener access) {
    Options.Builder options =
        Options.builder()
            .servers(common.servers())
            .connectionName("NATS simple example publisher")
            .connectionTimeout(Duration.ofSeconds(10))
            .pingInterval(Duration.ofSeconds(20))
            .maxPingsOut(6)
            .maxReconnects(-1)
            .reconnectWait(Duration.ofSeconds(5))
            .connectionListener(access)
            .errorListener(access);
    if (credsFile != null) {
      // Given the path, not the content, jnats reads the file anew at every connect: credentials
      // that expire are renewed by replacing the file, while the program runs.
      options.authHandler(Nats.credentials(credsFile.toString()));
    }
    return options.build();
  }

  private void publish(Connection connection, AccessListener access, Stop stop) throws Exception {
    Console console = common.console(stop);
    PayloadSource payloads = publisher.payloads(stop, connection.getMaxPayload());
    Tally sent = common.tally("Published", publisher.count(), false);
    try {
      byte[] payload;
      while ((payload = payloads.next()) != null) {
        publish(connection, payload, stop);
        console.published(subject, payload);
        sent.add(payload);
      }
      stop.throwFailure();
      // publish() only queues. Once this round trip is back, the server has every message, or has
      // said that the subject is not permitted.
      flush(connection, stop);
      access.check(connection);
    } finally {
      console.info(sent.summary());
    }
  }

  /** As in lesson 1: waits when the server is away and jnats' buffer is full. */
  private void publish(Connection connection, byte[] payload, Stop stop)
      throws Failure, InterruptedException {
    long max = connection.getMaxPayload();
    if (payload.length > max) {
      flush(connection, stop);
      throw new Failure(
          ExitCode.FAILED,
          "A message is larger than the " + max + " bytes that the server takes (max_payload)");
    }
    while (true) {
      try {
        connection.publish(subject, payload);
        return;
      } catch (IllegalStateException e) {
        stop.throwFailure(); // such as the end of the login
        if (stop.asked() || connection.getStatus() == Connection.Status.CLOSED) {
          throw new Failure(ExitCode.FAILED, "Not sent: " + e.getMessage(), e);
        }
      }
    }
  }

  private void flush(Connection connection, Stop stop) throws Failure, InterruptedException {
    boolean hopeless = stop.asked() && connection.getStatus() != Connection.Status.CONNECTED;
    try {
      connection.flush(hopeless ? Duration.ofMillis(1) : FLUSH_TIMEOUT);
    } catch (TimeoutException | IllegalStateException e) {
      stop.throwFailure();
      throw new Failure(
          ExitCode.FAILED, "The server has not confirmed the last messages: some may be lost", e);
    }
  }
}
