package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.cli.SubscriberOptions;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.BaseConsumerContext;
import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.MessageConsumer;
import io.nats.client.Options;
import io.nats.client.StreamContext;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsJetStreamMetaData;
import io.nats.client.support.NatsJetStreamConstants;
import io.nats.client.support.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Reads a JetStream stream through a durable consumer: prints each message and acknowledges it
 * afterwards, and begins the next time where it stopped.
 *
 * <p>Terminal 1: {@code java -jar 03-jetstream/target/publisher.jar}<br>
 * Terminal 2: {@code java -jar 03-jetstream/target/subscriber.jar}
 *
 * <p>Watch for this: stop this program, wait, start it again; nothing is missing. Start it twice:
 * the two share the messages. What was delivered and not acknowledged comes again.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation:
 *     consumers</a>
 */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Reads a JetStream stream and acknowledges what it has read.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar                     go on where it stopped",
      "  java -jar subscriber.jar -n 300              300 messages, and leave the rest",
      "  java -jar subscriber.jar --durable second    read everything a second time",
      "  java -jar subscriber.jar --ordered -q        read fast, leave nothing behind",
      "  java -jar subscriber.jar --work 3s --ack-wait 2s     too slow: comes again"
    })
public final class JetStreamSubscriber implements Callable<Integer> {
  private static final Duration ACK_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration DRAIN_TIMEOUT_ALONE = Duration.ofSeconds(1);

  private final ConnectionLog log =
      new ConnectionLog() {
        @Override
        public void pullStatusError(
            Connection connection, JetStreamSubscription subscription, Status status) {
          consumer.doubt(); // somebody deleted the consumer or its stream
        }

        @Override
        public void pullStatusWarning(
            Connection connection, JetStreamSubscription subscription, Status status) {
          if (status.getCode() == Status.NO_RESPONDERS_CODE) {
            consumer.doubt(); // in a cluster: whom we asked does not lead the consumer yet
          }
        }
      };

  @Spec private CommandSpec spec;
  @Mixin private CommonOptions common;
  @Mixin private SubscriberOptions subscriber;
  @Mixin private ConsumerSetup consumerSetup;

  @Option(
      names = "--stream",
      paramLabel = "NAME",
      converter = Names.OfStream.class,
      description = "Stream to read. Default: ${DEFAULT-VALUE}.")
  private String streamName = "sample_stream";

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForSubscribing.class,
      description = "Which of the stream's subjects. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  @Option(
      names = "--ack-sync",
      description = "Wait for the server to confirm each ack: safer, and ten times slower.")
  private boolean ackSync;

  @Option(
      names = "--work",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "Pretend that the work on a message takes that long.")
  private Duration work = Duration.ZERO;

  private int batch; // 0: the default of jnats

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Most messages that wait here for their turn. Default: 500, or the count.")
  private void setBatch(int value) {
    if (value < 2) { // after a batch of one, jnats 2.26.2 asks for no second
      throw new ParameterException(
          spec.commandLine(), "Invalid value '" + value + "' for --batch: it must be 2 or more");
    }
    batch = value;
  }

  private Console console;
  private Stop stop;
  private Connection connection;
  private Dispatcher dispatcher;
  private SteadyConsumer consumer;
  private Tally received;

  private volatile boolean working; // on a message, for longer than a moment
  private volatile long lastSequence; // in the stream
  private long lastDelivery; // of the consumer, to whomever
  private final CountDownLatch unsubscribed = new CountDownLatch(1);
  private volatile long workUntil; // 0: for ever

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new JetStreamSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    if (consumerSetup.ordered() && ackSync) {
      throw new ParameterException(
          spec.commandLine(), "--ordered reads without acks: leave out --ack-sync");
    }
    try (Stop signals = Stop.onSignals();
        Connection connected = Connections.connect(options())) {
      stop = signals;
      connection = connected;
      console = common.console(stop);
      JetStreamErrors.checkServer(connection);
      received = common.tally("Received", subscriber.count(), true);
      // It calls the handler in a thread of its own, one message after the other.
      dispatcher = connection.createDispatcher();
      consumer =
          new SteadyConsumer(
              connection,
              streamName,
              this::consume,
              () -> !working && dispatcher.getPendingMessageCount() == 0,
              console);
      try {
        stop.await(subscriber.timeout(), received, consumer::lookAfter);
        drain();
      } finally {
        console.info(received.summary());
      }
    }
    return result();
  }

  private Options options() {
    return Options.builder()
        .servers(common.servers())
        .connectionName("NATS simple example subscriber")
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

  /** {@link SteadyConsumer} calls this at the start, and again after a restart of the server. */
  private MessageConsumer consume(StreamContext stream, boolean anotherStream)
      throws IOException, JetStreamApiException, Failure {
    JetStreamManagement management = connection.jetStreamManagement(SteadyConsumer.ANSWERS_SOON);
    if (!management.getStreamNames(subject).contains(streamName)) {
      // The server would not mind, and nothing would ever come.
      throw new Failure(
          ExitCode.FAILED,
          "Stream \"%s\" has no subject \"%s\": choose another --subject or --stream"
              .formatted(streamName, subject));
    }
    lastSequence = anotherStream ? 0 : lastSequence;
    BaseConsumerContext context =
        consumerSetup.open(stream, subject, anotherStream, lastSequence, console);
    MessageConsumer consuming = context.consume(consumeOptions(), dispatcher, this::handle);
    console.info("Waiting for messages in stream \"" + streamName + "\"");
    return consuming;
  }

  private ConsumeOptions consumeOptions() {
    long left = subscriber.count() - received.messages();
    boolean once = batch == 0 ? left <= Integer.MAX_VALUE : left <= batch;
    if (once && !consumerSetup.ordered()) {
      // Ask once, for as many as are wanted, and wait for them. They come as fast as they are
      // acknowledged: the server gives a consumer no more than 1,000 (max_ack_pending) at a time.
      return ConsumeOptions.builder()
          .batchSize((int) left)
          .thresholdPercent(100)
          .expiresIn(Duration.ofDays(1).toMillis())
          .raiseStatusWarnings()
          .build();
    }
    // Ask for a batch, and before it is used up for more.
    return ConsumeOptions.builder()
        .batchSize(batch == 0 ? -1 : batch)
        .raiseStatusWarnings()
        .build();
  }

  private void handle(Message message) throws InterruptedException {
    if (stop.asked()) {
      unsubscribed.await(); // or jnats would ask for more
    }
    if (received.messages() == subscriber.count() || isLate()) {
      handBack(message);
      return;
    }
    boolean ordered = consumerSetup.ordered();
    NatsJetStreamMetaData about = message.metaData();
    if (ordered && about.streamSequence() <= lastSequence) {
      return; // once more, because of a reconnect
    }
    lastSequence = about.streamSequence();
    if (lastDelivery > 0) {
      // What others who share the consumer got is not missing.
      received.elsewhere(Math.max(0, about.consumerSequence() - lastDelivery - 1));
    }
    lastDelivery = about.consumerSequence();

    console.received(message.getSubject(), message.getReplyTo(), message.getData());
    if (!work.isZero()) {
      working = true;
      Thread.sleep(work.toMillis());
      working = false;
    }
    if (stop.reason() == Stop.Reason.OUTPUT_CLOSED) {
      handBack(message); // nobody has read it
      return;
    }
    received.add(message.getData(), messageId(message));
    if (!ordered) {
      // Not before the work is done: whoever dies in between would have lost the message.
      acknowledge(message, about);
    }
    if (received.messages() == subscriber.count()) {
      stop.ask(Stop.Reason.DONE);
    }
  }

  /** What has arrived and is not for us any more goes at once to whoever asks next. */
  private void handBack(Message message) throws InterruptedException {
    unsubscribed.await(); // or it would come here again
    if (!consumerSetup.ordered() && connection.getStatus() == Connection.Status.CONNECTED) {
      message.nak();
    }
  }

  private boolean isLate() {
    return workUntil != 0 && System.nanoTime() - workUntil > 0;
  }

  private void acknowledge(Message message, NatsJetStreamMetaData about)
      throws InterruptedException {
    if (ackSync) {
      try {
        message.ackSync(ACK_TIMEOUT);
      } catch (TimeoutException e) {
        console.warn(
            "The ack of message "
                + about.streamSequence()
                + " was not confirmed: it may come again");
        return;
      }
    } else {
      message.ack();
    }
    if (!console.quiet()) {
      console.acked(
          about.getStream(),
          about.streamSequence(),
          "delivered = \""
              + about.deliveredCount()
              + "\", pending = \""
              + about.pendingCount()
              + "\"");
    }
  }

  private static String messageId(Message message) {
    Headers headers = message.getHeaders();
    return headers == null ? null : headers.getFirst(NatsJetStreamConstants.MSG_ID_HDR);
  }

  /** Asks for nothing more, handles what has arrived, sends the last acks, then closes. */
  private void drain() throws InterruptedException, ExecutionException {
    boolean connected = connection.getStatus() == Connection.Status.CONNECTED;
    Duration timeout = connected ? DRAIN_TIMEOUT : DRAIN_TIMEOUT_ALONE;
    workUntil = System.nanoTime() + timeout.toNanos() * 4 / 5;
    try {
      if (connected && stop.reason() != Stop.Reason.DONE) {
        consumer.letArrive();
      }
      CompletableFuture<Boolean> drained = connection.drain(timeout);
      consumer.stop();
      unsubscribed.countDown();
      if (!drained.get()) {
        console.warn("Some messages were not handled in time: they come again");
      }
    } catch (TimeoutException e) {
      console.warn("The server did not answer: messages whose acks it has not got come again");
    } finally {
      unsubscribed.countDown();
    }
  }

  private int result() throws Failure {
    if (stop.reason() == Stop.Reason.TIMEOUT) {
      throw new Failure(
          ExitCode.GAVE_UP,
          "Gave up: no message in stream \"%s\" for %d ms"
              .formatted(streamName, subscriber.timeout().toMillis()));
    }
    if (stop.reason() == Stop.Reason.DONE && received.hasMissing()) {
      throw new Failure(
          ExitCode.GAVE_UP,
          "Messages are missing: they were never stored, or a limit of the stream removed them");
    }
    return ExitCode.DONE;
  }
}
