package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Prints the messages of a subject as a user who may subscribe to it and may publish nothing.
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
 * @see <a href="https://docs.nats.io/learn/resilient-clients/tls-and-auth">NATS documentation:
 *     connecting with a credentials file</a>
 */
@Command
public final class CredsSubscriber implements Callable<Integer> {
  @Mixin private CredsSubscriberOptions options;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CredsSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run run = options.run()) {
      Options.Builder settings = run.settings("NATS simple example subscriber", options.subject());
      if (run.login().credsFile() != null) {
        settings.authHandler(Nats.credentials(run.login().credsFile().toString()));
      }
      try (Connection connection = run.connect(settings.build())) {
        Dispatcher dispatcher =
            connection.createDispatcher(run.handler(message -> handle(message, run)));
        // Without these, what waits for a slow handler may fill the heap: see lesson 1.
        long heap = Runtime.getRuntime().maxMemory();
        dispatcher.setPendingLimits(Math.min(131_072, heap / 1024), Math.min(64 << 20, heap / 4));
        dispatcher.subscribe(options.subject());
        // With this round trip the server knows of the subscription, or has refused it.
        run.flush("The server has not confirmed the subscription");
        run.throwFailure();
        run.console().info("Waiting for messages on subject \"" + options.subject() + "\"");

        if (run.stop().await(options.timeout(), run.tally()) != Stop.Reason.FAILED) {
          drain(connection, run);
        }
        return options.result(run);
      }
    }
  }

  private void handle(Message message, Run run) {
    if (run.tally().messages() == options.count()) {
      return; // arrived after the last one was counted
    }
    run.tally().add(message.getData());
    run.console().received(message, options.headers());
    if (run.tally().messages() == options.count()) {
      run.stop().ask(Stop.Reason.DONE);
    }
  }

  /** Unsubscribes, lets the handler finish what has arrived, then closes: nothing is cut off. */
  private static void drain(Connection connection, Run run)
      throws InterruptedException, ExecutionException {
    try {
      connection.drain(run.drainTimeout()).get();
    } catch (TimeoutException e) {
      // The handler went on meanwhile; only the server was not there to confirm the end.
      run.console().warn("The server did not answer while draining");
    }
  }
}
