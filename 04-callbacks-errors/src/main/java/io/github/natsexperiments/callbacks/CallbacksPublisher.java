package io.github.natsexperiments.callbacks;

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
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.NUID;
import io.nats.client.Options;
import io.nats.client.StreamContext;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
 * @see <a href="https://docs.nats.io/using-nats/developer/connecting/reconnect">NATS documentation:
 *     reconnecting</a>
 */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Publishes to a stream; survives the loss of its server.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar                    one message a second",
      "  java -jar publisher.jar --fast-detect      notice a dead server in seconds",
      "  java -jar publisher.jar -n 1000 --resume   after kill -9: up to #999",
      "  java -jar publisher.jar -n 200000 -i 0 -q  as fast as the acks come"
    })
public final class CallbacksPublisher implements Callable<Integer> {
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Duration LAST_ACKS = Duration.ofSeconds(5);

  @Mixin private CommonOptions common;
  @Mixin private PublisherOptions publisher;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForPublishing.class,
      description = "Subject to publish to. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  @Option(
      names = "--stream",
      paramLabel = "NAME",
      converter = Checked.Name.class,
      description = "Stream; created when it is not there. Default: ${DEFAULT-VALUE}.")
  private String stream = "sample_stream";

  @Option(
      names = "--resume",
      description = "Go on after the last number that the stream holds; --count is then the total.")
  private boolean resume;

  @Option(
      names = "--fast-detect",
      description = "Ping every 2 s and give up after two: a dead server is noticed within 10 s.")
  private boolean fastDetect;

  @Option(
      names = "--window",
      paramLabel = "N",
      converter = Checked.Window.class,
      description =
          "Messages without acknowledgement at a time, 1-1000; with 1 they keep their order in the"
              + " stream whatever happens. Default: ${DEFAULT-VALUE}.")
  private int window = Checked.Window.LARGEST;

  @Option(
      names = "--replicas",
      paramLabel = "N",
      converter = Checked.Positive.class,
      description = "New stream: copies, each on a server of its own. Default: ${DEFAULT-VALUE}.")
  private int replicas = 1;

  private Tally stored;
  private StoredRun before;
  private long first;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CallbacksPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Stop stop = Stop.onSignals()) {
      Console console = common.console(stop);
      ConnectionEvents events = new ConnectionEvents(console);
      events.onClose(() -> stop.ask(Stop.Reason.DONE));
      Connection connection = Connections.connect(options(events));
      events.onReconnect(() -> StuckConnection.heal(connection, events));
      stored = common.tally("Published", publisher.count(), false);
      try (connection) {
        Diagnosis.requireJetStream(connection);
        publish(connection, events, console, stop);
        if (events.ended()) {
          throw Diagnosis.ended(connection);
        }
      } catch (JetStreamApiException e) {
        throw Diagnosis.of(e, stream);
      } finally {
        console.info(stored.summary());
      }
    }
    return ExitCode.DONE;
  }

  private Options options(ConnectionEvents events) {
    Options.Builder options =
        Options.builder()
            .servers(common.servers())
            .connectionName("NATS simple example publisher")
            .connectionTimeout(Duration.ofSeconds(10))
            // A dead peer says nothing, and TCP does not mind. With these two jnats waits for the
            // seventh ping, up to 140 s; a pause or a short hole in the network goes unnoticed.
            .pingInterval(Duration.ofSeconds(20))
            .maxPingsOut(6)
            .maxReconnects(-1)
            // Lessons 1 and 2 wait 5 s between two attempts. Here messages shall flow again within
            // 2 s of the server's return.
            .reconnectWait(Duration.ofSeconds(1))
            // No buffer for the time without a server: the outbox is the only memory, and it knows
            // what it holds. With jnats' own 8 MB a message would leave later, behind its back.
            .reconnectBufferSize(0)
            .connectionListener(events)
            .errorListener(events);
    if (fastDetect) {
      // Noticed after 6 to 8 s. The price: a pause of that length costs a reconnect.
      options.pingInterval(Duration.ofSeconds(2)).maxPingsOut(2);
      // An attempt at a server that accepts but does not speak ends soon, too.
      options.connectionTimeout(Duration.ofSeconds(2));
    }
    return options.build();
  }

  private void publish(Connection connection, ConnectionEvents events, Console console, Stop stop)
      throws Exception {
    Outbox outbox = prepare(connection, events, console, stop);
    if (outbox == null) {
      return; // stopped before the server answered
    }
    PayloadSource payloads = publisher.payloads(stop, connection.getMaxPayload(), first);
    outbox.start(stored, console, events, stop);
    events.onReconnect(outbox::suspectAll);
    try {
      byte[] payload;
      for (long number = first; (payload = payloads.next()) != null; number++) {
        if (before == null || !before.sequences().containsKey(number)) {
          outbox.send(number, payload);
        }
      }
      // Stay until the last ack, however long the server is away; when we are asked to end, only
      // as long as a server needs that is there.
      while (!outbox.await(PAUSE) && !stop.asked()) {}
      boolean there = connection.getStatus() == Connection.Status.CONNECTED;
      outbox.await(there ? LAST_ACKS : Duration.ZERO);
    } finally {
      outbox.close();
    }
    if (outbox.waiting() > 0) {
      console.warn(
          outbox.waiting()
              + " messages have no ack: stored or not, nobody knows; --resume looks and goes on");
    }
    if (outbox.failure() != null) {
      throw outbox.failure();
    }
  }

  /** Looks at the stream, again and again while the server does not answer. */
  private Outbox prepare(Connection connection, ConnectionEvents events, Console console, Stop stop)
      throws JetStreamApiException, Failure, InterruptedException {
    JetStreamOptions answersSoon =
        JetStreamOptions.builder().requestTimeout(REQUEST_TIMEOUT).build();
    do {
      try {
        createStream(connection.jetStreamManagement(answersSoon), console);
        StreamContext context = connection.getStreamContext(stream, answersSoon);
        before = resume ? StoredRun.last(context, subject, Checked.Window.LARGEST) : null;
        first = before == null ? 0 : before.firstMissing(Checked.Window.LARGEST);
        String run = before == null ? NUID.nextGlobal() : before.run();
        Outbox outbox = new Outbox(connection, context, subject, run, window);
        console.info((before == null ? "Run " : "Going on with run ") + run + " at #" + first);
        return outbox;
      } catch (IOException | IllegalStateException e) {
        events.tell("no answer", connection, e.getMessage());
      } catch (JetStreamApiException e) {
        if (!Diagnosis.passes(e)) {
          throw e;
        }
        events.tell("no answer", connection, e.getMessage());
      }
    } while (!stop.sleep(PAUSE));
    return null;
  }

  /** A stream that is there already is taken as it is; lesson 03 tells what differs. */
  private void createStream(JetStreamManagement management, Console console)
      throws IOException, JetStreamApiException, Failure {
    try {
      management.getStreamInfo(stream);
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() != Diagnosis.STREAM_NOT_FOUND) {
        throw e;
      }
      management.addStream(
          StreamConfiguration.builder()
              .name(stream)
              .subjects(subject)
              .storageType(StorageType.File)
              .replicas(replicas)
              // For so long the server recognises a message id that it has had.
              .duplicateWindow(Duration.ofMinutes(2))
              .build());
      console.info("Created stream \"" + stream + "\" for subject \"" + subject + "\"");
    }
    if (!management.getStreamNames(subject).contains(stream)) {
      throw new Failure(
          ExitCode.FAILED,
          "Stream \"%s\" does not take subject \"%s\": choose another --stream or --subject"
              .formatted(stream, subject));
    }
  }
}
