package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.PublisherOptions;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The options of {@link TokenPublisher}. */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Puts values into a bucket, logged in with a token.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar --token-file 06-kv-token/token/token",
      "  NATS_TOKEN=... java -jar publisher.jar -n 5",
      "  java -jar publisher.jar                 asks for the token",
      "  java -jar publisher.jar --key counter --increment -n 100 -i 0",
      "  java -jar publisher.jar --bucket sums --increment server    the server adds",
      "  java -jar publisher.jar --bucket fading --ttl 5s"
    })
final class TokenPublisherOptions {
  @Mixin private CommonOptions common;
  @Mixin private TokenBucketOptions bucket;

  @Mixin
  private PublisherOptions publisher =
      new PublisherOptions("Hello #{n} from Key/Value NATS publisher");

  /** The token; asks for it at a terminal. */
  Token token() throws Failure {
    return Token.find(common);
  }

  /** Starts the run. */
  Run run(Token token) {
    bucket.check();
    publisher.check();
    if (bucket.increment()) {
      publisher.refuseText("--increment puts a number");
    }
    Run run = common.run(bucket.increment() ? "Added" : "Put", publisher.count(), false);
    run.setLogin(token.login());
    return run;
  }

  /** The bucket to write to, and what to write there. */
  TokenBucketOptions bucket() {
    return bucket;
  }

  /** The values to put. */
  PayloadSource payloads(Stop stop, Connection connection) {
    return publisher.payloads(stop, connection.getMaxPayload());
  }
}
