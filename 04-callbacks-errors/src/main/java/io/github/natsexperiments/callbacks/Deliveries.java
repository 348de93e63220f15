package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.resilience.ResumingConsumer;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.impl.NatsJetStreamMetaData;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What is delivered more than once: recognised, counted, and reported as {@code event:} lines. */
final class Deliveries {
  /** All that wait for their turn should be done within the consumer's ack wait. */
  static final int BATCH = 100;

  private final ConnectionEvents events;
  private final CallbacksSubscriberOptions options;
  private final DoneWork done = new DoneWork();
  private final Semaphore advisories = new Semaphore(0);
  private Connection connection;
  private long reconnects;
  private int unconfirmed;
  private long redelivered;
  private long recognised;
  private int givenUp;

  Deliveries(ConnectionEvents events, CallbacksSubscriberOptions options) {
    this.events = events;
    this.options = options;
  }

  /**
   * The server reports on subjects of its own what becomes of messages that nobody could handle.
   */
  void listen(Connection connection) {
    this.connection = connection;
    String consumer = options.stream() + "." + options.durable();
    connection
        .createDispatcher(
            advisory -> {
              String json = new String(advisory.getData(), StandardCharsets.UTF_8);
              events.report("advisory", connection, json);
              advisories.release();
            })
        .subscribe("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED." + consumer)
        .subscribe("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + consumer);
  }

  /** Handles what has arrived, and waits a moment for the advisories on their way. */
  void drain(ResumingConsumer consumer, Run run) throws InterruptedException, Failure {
    try {
      advisories.tryAcquire(givenUp, 1, TimeUnit.SECONDS);
      consumer.drain(run.drainTimeout());
    } catch (TimeoutException e) {
      run.console().warn("Without a server at the end: what is not acknowledged comes again");
    }
    run.throwFailure(); // the server may have refused the last ack
  }

  /** Whether the work for a message has been done: its ack got lost, or it was stored twice. */
  boolean isDone(Message message) {
    NatsJetStreamMetaData meta = message.metaData();
    if (done.contains(DoneWork.id(message))) {
      if (recognised++ == 0) {
        event("redelivered", meta, ": already done (further ones are not reported)");
      }
      return true;
    }
    if (meta.deliveredCount() > 1) {
      redelivered++;
      event("redelivered", meta, ": not done by this process");
    }
    return false;
  }

  private boolean isConnected() {
    return connection.getStatus() == Connection.Status.CONNECTED;
  }

  /**
   * Whether the server will confirm an ack. To acks from before, a server that was restarted may
   * owe no answer.
   */
  boolean canConfirm() {
    if (reconnects != connection.getStatistics().getReconnects()) {
      reconnects = connection.getStatistics().getReconnects();
      unconfirmed = BATCH;
    }
    unconfirmed = Math.max(0, unconfirmed - 1);
    return unconfirmed == 0 && isConnected();
  }

  /** The work has been done, or given up. */
  void done(Message message) {
    done.add(DoneWork.id(message));
  }

  /** Sequences of the stream after this one mean other messages now. */
  void forgetAfter(long sequence) {
    done.forgetAfter(sequence);
  }

  /** Whether a message that failed has been tried often enough. */
  boolean giveUp(Message message, RuntimeException e) {
    NatsJetStreamMetaData meta = message.metaData();
    boolean last = meta.deliveredCount() >= options.maxDeliver();
    givenUp += last ? 1 : 0;
    String why = " of " + options.maxDeliver() + ": " + e.getMessage();
    event(last ? "given up" : "failed", meta, why);
    return last;
  }

  private void event(String name, NatsJetStreamMetaData meta, String text) {
    String what = "sequence " + meta.streamSequence() + ", delivery " + meta.deliveredCount();
    events.report(name, connection, what + text);
  }

  /** Prints what was delivered again, if anything was. */
  void report(Console console) {
    if (redelivered + recognised + givenUp > 0) {
      console.info(
          "Delivered again %d, of these already done %d; given up %d"
              .formatted(redelivered + recognised, recognised, givenUp));
    }
  }
}
