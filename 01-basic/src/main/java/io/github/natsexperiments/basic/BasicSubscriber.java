package io.github.natsexperiments.basic;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.Options;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Subscribes to a subject over core NATS and prints what arrives; with {@code --queue} it shares
 * the messages with other members of the group, with {@code --reply} it answers requests.
 *
 * <p>Terminal 1: {@code java -jar 01-basic/target/subscriber.jar}<br>
 * Terminal 2: {@code java -jar 01-basic/target/publisher.jar}
 *
 * <p>Watch for this: what was published before this program started is gone; the first number on
 * the screen shows how much that was.
 *
 * @see <a href="https://docs.nats.io/learn/core-nats/publish-subscribe">NATS documentation:
 *     publish-subscribe</a>
 * @see <a href="https://docs.nats.io/learn/core-nats/queue-groups">NATS documentation: queue
 *     groups</a>
 */
@Command
public final class BasicSubscriber implements Callable<Integer> {
  @Mixin private BasicSubscriberOptions options;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new BasicSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run run = options.run();
        Connection connection = run.connect(settings(run))) {
      // A dispatcher calls its handler in a thread of its own, one message after the other.
      Dispatcher dispatcher =
          connection.createDispatcher(run.handler(message -> handle(message, connection, run)));
      // What the handler has not reached yet waits in memory. jnats allows 524,288 messages or
      // 64 MB, whatever the heap: a small one would overflow before that. Beyond the limit
      // messages are dropped and counted; core NATS has no way to slow the publisher down.
      long heap = Runtime.getRuntime().maxMemory();
      dispatcher.setPendingLimits(Math.min(131_072, heap / 1024), Math.min(64 << 20, heap / 4));
      if (options.queue() == null) {
        dispatcher.subscribe(options.subject());
      } else {
        dispatcher.subscribe(options.subject(), options.queue());
        if (options.count() <= Integer.MAX_VALUE) {
          // The server stops after that many; the rest goes to the other members of the group.
          dispatcher.unsubscribe(options.subject(), (int) options.count());
        }
      }
      // A subscription is only queued, too. After this round trip, connection.flush(), the server
      // knows of it and no later message can be missed.
      run.flush("The server has not confirmed the subscription");
      run.console()
          .info(
              "Waiting for messages on subject \""
                  + options.subject()
                  + "\"; earlier ones are gone");

      run.stop().await(options.timeout(), run.tally());
      drain(connection, run);
      if (dispatcher.getDroppedCount() > 0) {
        run.console()
            .warn(
                dispatcher.getDroppedCount() + " messages were dropped: the handler was too slow");
      }
      return options.result(run);
    }
  }

  private void handle(Message message, Connection connection, Run run)
      throws Failure, InterruptedException {
    if (run.tally().messages() == options.count()) {
      return; // arrived after the last one was counted
    }
    run.tally().add(message.getData());
    run.console().received(message, options.headers());
    if (options.reply() != null && message.getReplyTo() != null) {
      run.whenThereIsRoom(
          options.reply(), reply -> connection.publish(message.getReplyTo(), reply));
    }
    if (run.tally().messages() == options.count()) {
      run.stop().ask(Stop.Reason.DONE);
    }
  }

  /** The same eight settings as in the publisher, where each has its comment. */
  private Options settings(Run run) throws Exception {
    ConnectionLog log = run.log(options.subject());
    Options.Builder settings =
        Options.builder()
            .servers(options.servers())
            .connectionName("NATS simple example subscriber")
            .connectionTimeout(Duration.ofSeconds(10))
            .pingInterval(Duration.ofSeconds(20))
            .maxPingsOut(6)
            .maxReconnects(-1)
            .reconnectWait(Duration.ofSeconds(5))
            .connectionListener(log)
            .errorListener(log);
    return run.secure(settings).build(); // with the login and TLS of the command line, if any
  }

  /** Unsubscribes, lets the handler finish what has arrived, then closes: nothing is cut off. */
  private static void drain(Connection connection, Run run) throws Exception {
    if (run.stop().reason() == Stop.Reason.FAILED) {
      return; // the connection is of no use any more; the run's result says why
    }
    try {
      if (!connection.drain(run.drainTimeout()).get()) {
        run.console().warn("Some messages that had arrived were not handled in time");
      }
    } catch (TimeoutException e) {
      // The handler went on meanwhile; only the server was not there to confirm the end.
      run.console().warn("The server did not answer while draining");
    }
  }
}
