package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.resilience.StoredRun;
import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.cli.SubscriberOptions;
import io.github.natsexperiments.cli.Tally;
import io.github.natsexperiments.resilience.HalfOpenGuard;
import io.github.natsexperiments.resilience.StoredRun;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Options;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.impl.NatsJetStreamMetaData;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Reads a stream so that no message is lost and the work for none is done twice: acknowledges after
 * the work, recognises what is delivered again, gives back what it could not do.
 *
 * <p>Terminal 1: {@code java -jar 04-callbacks-errors/target/subscriber.jar}<br>
 * Terminal 2: {@code java -jar 04-callbacks-errors/target/publisher.jar}
 *
 * <p>Watch for this: kill the server, start it again, and follow the {@code event:} lines; with
 * {@code --fail-every 5} watch a poison message fail, come back, and be given up.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation:
 *     consumers</a>
 */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Reads a stream; survives the loss of its server and messages that fail.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar                  until Ctrl-C",
      "  java -jar subscriber.jar --fail-every 5   every fifth message is poison",
      "  java -jar subscriber.jar --fast-detect    notice a dead server in seconds",
      "  java -jar subscriber.jar -n 200000 -q -t 60s"
    })
public final class CallbacksSubscriber implements Callable<Integer> {
  private static final Duration ACK_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration NAK_DELAY = Duration.ofSeconds(1);
  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(2);

  private final DoneWork done = new DoneWork();
  private Stop stop;
  private Console console;
  private ConnectionEvents events;
  private Connection connection;
  private Tally received;
  private long redelivered;
  private long recognised;
  private int givenUp;
  private final Semaphore advisories = new Semaphore(0);

  @Mixin private CommonOptions common;
  @Mixin private SubscriberOptions subscriber;

  @Option(
      names = "--stream",
      paramLabel = "NAME",
      converter = Checked.Name.class,
      description = "Stream to read. Default: ${DEFAULT-VALUE}.")
  private String stream = "sample_stream";

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForSubscribing.class,
      description = "Read this subject only. Default: all that the stream has.")
  private String subject;

  @Option(
      names = "--durable",
      paramLabel = "NAME",
      converter = Checked.Name.class,
      description =
          "The consumer, which remembers what was acknowledged. Default: ${DEFAULT-VALUE}.")
  private String durable = "callbacks";

  @Option(
      names = "--ack-wait",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "Without an ack a message comes again after that long. Default: 30s.")
  private Duration ackWait = Duration.ofSeconds(30);

  @Option(
      names = "--fail-every",
      paramLabel = "N",
      converter = Checked.Positive.class,
      description = "Fail on every Nth message of the stream, each time it comes.")
  private int failEvery;

  @Option(
      names = "--max-deliver",
      paramLabel = "N",
      converter = Checked.Positive.class,
      description = "Give a failing message up at its Nth delivery. Default: ${DEFAULT-VALUE}.")
  private int maxDeliver = 3;

  @Option(
      names = "--fast-detect",
      description = "Ping every 2 s and give up after two: a dead server is noticed within 10 s.")
  private boolean fastDetect;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CallbacksSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Stop signals = Stop.onSignals()) {
      stop = signals;
      console = common.console(stop);
      events = new ConnectionEvents(console);
      events.onClose(() -> stop.ask(Stop.Reason.DONE));
      connection = Connections.connect(options());
      HalfOpenGuard.of(connection, () -> events.stuck(connection));
      received = common.tally("Received", subscriber.count(), true);
      try (Connection closing = connection) {
        Diagnosis.requireJetStream(connection);
        read();
      } finally {
        if (redelivered + recognised + givenUp > 0) {
          console.info(
              "Delivered again "
                  + (redelivered + recognised)
                  + ", of these already done "
                  + recognised
                  + "; given up "
                  + givenUp);
        }
        console.info(received.summary());
      }
      return result();
    }
  }

  /**
   * The publisher's settings, where each has its comment, and jnats' buffer for the time without a
   * server: here it holds acks, and they may leave later.
   */
  private Options options() {
    Options.Builder options =
        Options.builder()
            .servers(common.servers())
            .connectionName("NATS simple example subscriber")
            .connectionTimeout(Duration.ofSeconds(10))
            .pingInterval(Duration.ofSeconds(20))
            .maxPingsOut(6)
            .maxReconnects(-1)
            .reconnectWait(Duration.ofSeconds(1))
            .connectionListener(events)
            .errorListener(events);
    if (fastDetect) {
      options.pingInterval(Duration.ofSeconds(2)).maxPingsOut(2);
      options.connectionTimeout(Duration.ofSeconds(2));
    }
    return options.build();
  }

  private void read() throws Exception {
    // The consumer lives on the server and remembers, while we are away, how far we got.
    ConsumerConfiguration configuration =
        ConsumerConfiguration.builder()
            .durable(durable)
            .filterSubject(subject)
            .ackPolicy(AckPolicy.Explicit)
            .ackWait(ackWait)
            // No maxDeliver here: the server counts each delivery, also the one to a process that
            // was killed before it looked at the message, and then drops it without a word to us.
            // handle() gives up only what it has tried.
            .build();
    Inbox inbox = new Inbox(connection, stream, configuration, events, stop);
    listenForAdvisories();
    console.info("Waiting for messages of stream \"" + stream + "\"");
    long lastMessage = System.nanoTime();
    while (!stop.asked()) {
      long connects = connection.getStatistics().getReconnects();
      List<Message> batch = inbox.take(subscriber.count() - received.messages());
      for (Message message : batch) {
        handle(message, connects == connection.getStatistics().getReconnects());
      }
      if (received.messages() == subscriber.count()) {
        stop.ask(Stop.Reason.DONE);
      } else if (!batch.isEmpty()) {
        lastMessage = System.nanoTime();
      } else if (subscriber.timeout() != null
          && System.nanoTime() - lastMessage > subscriber.timeout().toNanos()) {
        stop.ask(Stop.Reason.TIMEOUT);
      }
    }
    if (events.ended()) {
      throw Diagnosis.ended(connection);
    }
    advisories.tryAcquire(givenUp, 1, TimeUnit.SECONDS); // the last may still be under way
    if (!Inbox.isConnected(connection) || !flush()) {
      console.warn("Without a server at the end: what is not acknowledged comes again");
    }
  }

  private void handle(Message message, boolean fresh) throws InterruptedException {
    NatsJetStreamMetaData meta = message.metaData();
    String what = "sequence " + meta.streamSequence() + ", delivery " + meta.deliveredCount();
    String id = id(message, meta);
    if (done.contains(id)) {
      // The ack got lost, or the message was stored twice: the work is not done again.
      if (recognised++ == 0) {
        events.tell("redelivered", connection, what + ": already done (more of these: not told)");
      }
      reply(message::ack);
      return;
    }
    if (meta.deliveredCount() > 1) {
      redelivered++;
      events.tell("redelivered", connection, what + ": not done by this process");
    }
    try {
      work(message, meta);
    } catch (RuntimeException e) {
      boolean last = meta.deliveredCount() >= maxDeliver;
      String name = last ? "given up" : "failed";
      events.tell(name, connection, what + " of " + maxDeliver + ": " + e.getMessage());
      if (!last) {
        reply(() -> message.nakWithDelay(NAK_DELAY.multipliedBy(meta.deliveredCount())));
        return;
      }
      reply(message::term); // never again
      givenUp++;
    }
    done.add(id);
    received.add(message.getData(), id);
    acknowledge(message, fresh);
  }

  /** What a subscriber is there for. An exception means: not done. */
  private void work(Message message, NatsJetStreamMetaData meta) {
    if (failEvery > 0 && meta.streamSequence() % failEvery == 0) {
      throw new IllegalStateException("the handler cannot do this one");
    }
    console.received(message.getSubject(), message.getReplyTo(), message.getData());
  }

  /**
   * After the work: in the other order a crash between the two loses the message. Waits until the
   * server has confirmed, so that a crash finds at most one message done and not acknowledged.
   *
   * @param fresh whether the connection has not been lost since the message came: to an ack from
   *     before, a server that was restarted may owe no answer
   */
  private void acknowledge(Message message, boolean fresh) throws InterruptedException {
    try {
      if (fresh && Inbox.isConnected(connection)) {
        message.ackSync(ACK_TIMEOUT);
      } else {
        message.ack();
      }
    } catch (TimeoutException | IllegalStateException e) {
      // The server is away or silent: the message will come again, and be recognised.
    }
  }

  /** Whether the last answers have reached the server. */
  private boolean flush() throws InterruptedException {
    try {
      connection.flush(FLUSH_TIMEOUT);
      return true;
    } catch (TimeoutException | IllegalStateException e) {
      return false;
    }
  }

  /** Answers a message; without a connection it is not answered, and comes again. */
  private static void reply(Runnable answer) {
    try {
      answer.run();
    } catch (IllegalStateException e) {
      // The connection is closed, or its buffer is full of answers.
    }
  }

  /** {@code RUN-NUMBER} from the publisher; another message has its place in the stream. */
  private static String id(Message message, NatsJetStreamMetaData meta) {
    String id = StoredRun.id(message.getHeaders());
    return StoredRun.number(id) >= 0 ? id : "sequence-" + meta.streamSequence();
  }

  /** The server tells on subjects of its own what becomes of messages that nobody could handle. */
  private void listenForAdvisories() {
    connection
        .createDispatcher(
            advisory -> {
              String json = new String(advisory.getData(), StandardCharsets.UTF_8);
              events.tell("advisory", connection, json);
              advisories.release();
            })
        .subscribe("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED." + stream + "." + durable)
        .subscribe("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + stream + "." + durable);
  }

  private int result() throws Failure {
    if (stop.reason() == Stop.Reason.TIMEOUT) {
      throw new Failure(
          ExitCode.GAVE_UP,
          "Gave up: no message of stream \"%s\" for %d ms"
              .formatted(stream, subscriber.timeout().toMillis()));
    }
    if (stop.reason() == Stop.Reason.DONE && received.hasMissing()) {
      throw new Failure(
          ExitCode.GAVE_UP, "Messages are missing: were they removed from the stream?");
    }
    return ExitCode.DONE;
  }
}
