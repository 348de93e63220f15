package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.resilience.ConnectionClosedException;
import io.github.natsexperiments.resilience.ResumingConsumer;
import io.nats.client.Connection;
import io.nats.client.Message;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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
 * @see <a href="https://docs.nats.io/learn/jetstream/pull-consumers">NATS docs: consumers</a>
 */
@Command
public final class CallbacksSubscriber implements Callable<Integer> {
  @Mixin private CallbacksSubscriberOptions options;

  private Run run;
  private Connection connection;
  private Deliveries deliveries;
  private ResumingConsumer consumer;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CallbacksSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run started = options.run()) {
      run = started;
      ConnectionEvents events = new ConnectionEvents(run.console());
      events.onClose(() -> run.stop().ask(Stop.Reason.DONE));
      deliveries = new Deliveries(events, options);
      try (Connection connected =
          run.connect(
              options
                  .detect(run.settings("NATS simple example subscriber"))
                  .reconnectWait(Duration.ofSeconds(1))
                  .connectionListener(events)
                  .errorListener(events)
                  .build(),
              events::stuck)) {
        connection = connected;
        JetStreamHints.checkServer(connection);
        read(events);
      } catch (ConnectionClosedException e) {
        throw events.ending(connection);
      } finally {
        deliveries.report(run.console());
      }
      return run.result(options.gaveUp(), "Messages are missing: does the stream remove some?");
    }
  }

  private void read(ConnectionEvents events) throws Exception {
    deliveries.listen(connection);
    ConsumerEvents listener = new ConsumerEvents(connection, events, options, deliveries);
    // consume() that asks for messages again at once after a restart of the server.
    try (ResumingConsumer resuming =
        ResumingConsumer.of(connection, options.stream(), options.consumer(), listener)) {
      consumer = resuming;
      consumer.consume(
          Deliveries.BATCH, () -> options.count() - run.tally().messages(), this::handle);
      run.console().info("Waiting for messages of stream \"" + options.stream() + "\"");
      run.stop().await(options.timeout(), run.tally(), consumer::throwIfFailed);
      events.throwIfEnded(connection);
      deliveries.drain(consumer, run);
    }
  }

  private void handle(Message message) throws InterruptedException {
    if (deliveries.isDone(message)) {
      message.ack(); // the work is not done again
      return;
    }
    try {
      if (!work(message)) {
        consumer.stop();
        message.nak(); // not read here: for another reader
        return;
      }
    } catch (RuntimeException e) { // not done
      if (!deliveries.giveUp(message, e)) {
        message.nakWithDelay(Duration.ofSeconds(message.metaData().deliveredCount()));
        return;
      }
      message.term(); // never again
    }
    deliveries.done(message);
    run.tally().add(message.getData(), DoneWork.id(message));
    acknowledge(message);
    if (run.tally().messages() == options.count()) {
      run.stop().ask(Stop.Reason.DONE);
    }
  }

  private boolean work(Message message) {
    options.fail(message.metaData().streamSequence());
    return run.console().received(message, options.headers());
  }

  /** After the work, so that a crash loses nothing; confirmed, so that it repeats one at most. */
  private void acknowledge(Message message) throws InterruptedException {
    try {
      if (deliveries.canConfirm()) {
        message.ackSync(Duration.ofSeconds(1));
      } else {
        message.ack();
      }
    } catch (TimeoutException | IllegalStateException e) {
      // The server is away or silent: the message will come again, and be recognised.
    }
  }
}
