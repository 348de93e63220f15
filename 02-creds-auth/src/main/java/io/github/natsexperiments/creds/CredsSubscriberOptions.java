package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.MessageSubscriberOptions;
import io.github.natsexperiments.cli.Run;
import picocli.CommandLine.Command;

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
final class CredsSubscriberOptions extends MessageSubscriberOptions {
  CredsSubscriberOptions() {
    super("foo");
  }

  int result(Run run) throws Failure {
    return run.result(
        gaveUp("on \"" + subject() + "\""),
        "Messages are missing: core NATS delivers at most once; lesson 03 keeps them");
  }
}
