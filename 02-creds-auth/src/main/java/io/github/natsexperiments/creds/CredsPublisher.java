package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.Run;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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
 * text, the program signs it, and the JWT shows the server whose signature that is.
 *
 * @see <a href="https://docs.nats.io/learn/resilient-clients/tls-and-auth">NATS documentation:
 *     connecting with a credentials file</a>
 */
@Command
public final class CredsPublisher implements Callable<Integer> {
  @Mixin private CredsPublisherOptions options;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CredsPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run run = options.run()) {
      Options.Builder settings = run.settings("NATS simple example publisher", options.subject());
      if (run.login().credsFile() != null) {
        // The line that differs from lesson 1. settings() does the same in every lesson for --creds
        // or NATS_CREDS. Given the path, not the content, jnats reads the file again at every
        // connect: credentials that expire are renewed by replacing the file, while this runs.
        settings.authHandler(Nats.credentials(run.login().credsFile().toString()));
      }
      try (Connection connection = run.connect(settings.build())) {
        PayloadSource payloads = options.payloads(run, connection);
        byte[] payload;
        while ((payload = payloads.next()) != null) {
          // As in lesson 1: waits while the server is away and jnats' buffer is full.
          run.whenThereIsRoom(
              payload, body -> connection.publish(options.subject(), options.headers(), body));
          run.console().published(options.subject(), payload);
          run.tally().add(payload);
        }
        // publish() only queues. Once this round trip is back, the server has every message, or has
        // said that the subject is not permitted.
        run.flush("The server has not confirmed the last messages: some may be lost");
        return run.result();
      }
    }
  }
}
