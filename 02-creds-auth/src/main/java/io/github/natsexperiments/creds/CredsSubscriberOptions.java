package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.HeaderOptions;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.cli.SubscriberOptions;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of {@link CredsSubscriber}; {@code --creds} is an option of every program. */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Prints the messages of a subject, logged in with a credentials file.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar --creds creds/subscriber.creds",
      "  NATS_CREDS=creds/subscriber.creds java -jar subscriber.jar -n 5 -t 10s",
      "  java -jar subscriber.jar --creds creds/subscriber.creds --subject bar   refused"
    })
final class CredsSubscriberOptions {
  @Mixin private CommonOptions common;
  @Mixin private SubscriberOptions subscriber;
  @Mixin HeaderOptions.ForSubscribing headers;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForSubscribing.class,
      description = "Subject; * is any one token, > the whole rest. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  Run run() {
    return common.run("Received", subscriber.count(), true);
  }

  String subject() {
    return subject;
  }

  long count() {
    return subscriber.count();
  }

  Duration timeout() {
    return subscriber.timeout();
  }

  long timeoutMillis() {
    return timeout() == null ? 0 : timeout().toMillis();
  }
}
