package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.SubscriberOptions;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of {@link TokenSubscriber}. */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Watches keys of a bucket, logged in with a token.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar --token-file 06-kv-token/token/token",
      "  NATS_TOKEN=... java -jar subscriber.jar --key '>'   all keys",
      "  java -jar subscriber.jar --follow                   asks for the token"
    })
final class TokenSubscriberOptions {
  @Mixin CommonOptions common;
  @Mixin SubscriberOptions subscriber;

  @Option(
      names = "--bucket",
      paramLabel = "NAME",
      converter = KvNames.Bucket.class,
      description = "Bucket to watch. Default: ${DEFAULT-VALUE}.")
  String bucket = "sample_kv";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      converter = KvNames.KeyFilter.class,
      description = "Key; * is any one token, > the whole rest. Default: ${DEFAULT-VALUE}.")
  String key = "key";

  @Option(
      names = "--follow",
      description = "Wait for a missing bucket, and continue with one created again.")
  boolean follow;

  Run run() {
    return common.run("Received", subscriber.count(), false);
  }

  Token token() throws Failure {
    return Token.find(common);
  }

  String gaveUp() {
    Duration timeout = subscriber.timeout();
    return timeout == null
        ? ""
        : "Gave up: nothing for key \"" + key + "\" within " + timeout.toMillis() + " ms";
  }
}
