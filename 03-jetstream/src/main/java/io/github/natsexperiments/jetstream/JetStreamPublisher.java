package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.ConnectionLog;
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
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.NUID;
import io.nats.client.Options;
import io.nats.client.PublishOptions;
import io.nats.client.api.PublishAck;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

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
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Publishes messages into a JetStream stream.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar                     one message a second, each acknowledged",
      "  java -jar publisher.jar --storage memory    fast, and gone with the server",
      "  java -jar publisher.jar --retention workqueue",
      "  java -jar publisher.jar -n 20 -i 0 --max-messages 10 --discard new",
      "  java -jar publisher.jar --async -n 400000 -i 0 -q --size 128"
    })
public final class JetStreamPublisher implements Callable<Integer> {
  private static final int LARGEST_WINDOW = 4096;
  private static final Duration ACK_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration RETRY_DELAY = Duration.ofMillis(250);
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration DRAIN_TIMEOUT_ALONE = Duration.ofSeconds(1);

  private final ConnectionLog log = new ConnectionLog();

  @Spec private CommandSpec spec;
  @Mixin private CommonOptions common;
  @Mixin private PublisherOptions publisher;
  @Mixin private StreamSetup stream;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForPublishing.class,
      description = "Subject to publish to. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  private int window;

  @Option(
      names = "--async",
      paramLabel = "WINDOW",
      arity = "0..1",
      fallbackValue = "1000",
      description = "Have up to WINDOW messages on their way (default: ${FALLBACK-VALUE}).")
  private void setWindow(int value) {
    if (value < 1 || value > LARGEST_WINDOW) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value '"
              + value
              + "' for --async: the server takes windows of 1 to "
              + LARGEST_WINDOW);
    }
    window = value;
  }

  private Console console;
  private Stop stop;
  private Connection connection;
  private Tally sent;
  private long refused;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new JetStreamPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Stop signals = Stop.onSignals();
        Connection connected = Connections.connect(options())) {
      stop = signals;
      connection = connected;
      console = common.console(stop);
      JetStreamErrors.checkServer(connection);
      stream.ensure(connection, subject, console);
      PayloadSource payloads = publisher.payloads(stop, connection.getMaxPayload());
      sent = common.tally("Published", publisher.count(), false);
      try {
        if (window == 0) {
          publishOneByOne(payloads);
        } else {
          publishInWindow(payloads);
        }
      } finally {
        console.info(sent.summary());
      }
    }
    if (refused > 0) {
      throw new Failure(ExitCode.FAILED, refused + " messages were refused: they are not stored");
    }
    return ExitCode.DONE;
  }

  private Options options() {
    return Options.builder()
        .servers(common.servers())
        .connectionName("NATS simple example publisher")
        .connectionTimeout(Duration.ofSeconds(10))
        .pingInterval(Duration.ofSeconds(20))
        .maxPingsOut(6)
        .maxReconnects(-1)
        // Lesson 1 waits 5 s. Whoever wants to go on soon after the server is back asks more often.
        .reconnectWait(Duration.ofSeconds(1))
        .connectionListener(log)
        .errorListener(log)
        .build();
  }

  /**
   * A name for this run, with which its message ids begin. Eight characters are enough for the two
   * minutes in which the stream remembers ids, and the server searches the headers of each message
   * again and again: a whole NUID cost the window 4 % of its speed.
   */
  private static String newRun() {
    return NUID.nextGlobal().substring(14);
  }

  /** Each message is acknowledged before the next one is sent. */
  private void publishOneByOne(PayloadSource payloads) throws Exception {
    JetStream jetStream = connection.jetStream();
    String run = newRun();
    byte[] payload;
    for (long n = 0; (payload = payloads.next()) != null; n++) {
      // The stream remembers the ids of the last two minutes and keeps a message only once. So this
      // one can be sent again when nobody knows what has become of it.
      PublishOptions options =
          PublishOptions.builder().messageId(run + "-" + n).streamTimeout(ACK_TIMEOUT).build();
      try {
        PublishAck ack = publish(jetStream, payload, options);
        stored(payload, ack.getStream(), ack.getSeqno(), ack.isDuplicate());
      } catch (JetStreamApiException e) {
        refused(n, e);
      } catch (IllegalArgumentException e) {
        throw tooLarge(e);
      }
    }
  }

  /** Sends one message until it is acknowledged or refused. */
  private PublishAck publish(JetStream jetStream, byte[] payload, PublishOptions options)
      throws Failure, InterruptedException, JetStreamApiException {
    while (true) {
      try {
        return jetStream.publish(subject, payload, options);
      } catch (JetStreamApiException e) {
        if (!JetStreamErrors.passes(e)) {
          throw e;
        }
      } catch (IOException e) {
        // No ack. The message may be stored all the same, and only its ack have been lost.
        console.warn("No ack: sending the message again with the same id (" + e.getMessage() + ")");
      }
      do {
        if (stop.sleep(RETRY_DELAY)) {
          throw new Failure(
              ExitCode.FAILED, "The last message has no ack: it may be stored or not");
        }
        // While the server is away jnats would keep every attempt, and then send them all.
      } while (connection.getStatus() != Connection.Status.CONNECTED);
      ensureStream();
    }
  }

  /** Many messages are on their way at once; {@link PublishWindow} sees to it that none is lost. */
  private void publishInWindow(PayloadSource payloads) throws Failure, InterruptedException {
    PublishWindow.Listener listener =
        new PublishWindow.Listener() {
          @Override
          public void stored(byte[] payload, AckReader ack) {
            JetStreamPublisher.this.stored(payload, ack.stream(), ack.sequence(), ack.duplicate());
          }

          @Override
          public void refused(long number, JetStreamApiException reason) {
            JetStreamPublisher.this.refused(number, reason);
          }

          @Override
          public void sendingAgain(int messages) throws Failure {
            console.warn("Sending again what has no ack, with the same ids: " + messages);
            ensureStream();
          }
        };
    try (PublishWindow onTheirWay =
        new PublishWindow(connection, subject, newRun(), window, ACK_TIMEOUT, stop, listener)) {
      byte[] payload;
      Failure failure = null;
      while (failure == null && (payload = payloads.next()) != null) {
        try {
          onTheirWay.publish(payload);
        } catch (IllegalArgumentException e) {
          failure = tooLarge(e);
        }
      }
      boolean connected = connection.getStatus() == Connection.Status.CONNECTED;
      long unknown = onTheirWay.awaitAcks(connected ? DRAIN_TIMEOUT : DRAIN_TIMEOUT_ALONE);
      if (unknown > 0) {
        failure =
            new Failure(
                ExitCode.FAILED, unknown + " messages have no ack: they may be stored or not");
      }
      if (failure != null) {
        throw failure;
      }
    }
  }

  private void stored(byte[] payload, String streamName, long sequence, boolean duplicate) {
    sent.add(payload);
    console.acked(streamName, sequence, duplicate ? "duplicate = \"true\"" : "");
  }

  private void refused(long number, JetStreamApiException reason) {
    if (refused++ == 0 || !console.quiet()) {
      console.warn("Message #" + number + " was refused: " + JetStreamErrors.explain(reason));
    }
  }

  private Failure tooLarge(IllegalArgumentException e) {
    return new Failure(
        ExitCode.FAILED,
        "A message is larger than the %d bytes that the server takes (max_payload): send less, or in parts"
            .formatted(connection.getMaxPayload()),
        e);
  }

  /** A stream in memory goes with the server. */
  private void ensureStream() throws Failure {
    try {
      stream.ensure(connection, subject, console);
    } catch (IOException e) {
      // The server is away again: there will be a next time.
    }
  }
}
