package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.MessagePublisherOptions;
import picocli.CommandLine.Command;

/** The command line of {@link CredsPublisher}; {@code --creds} is an option of every program. */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Publishes messages, logged in with a credentials file.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar --creds creds/publisher.creds",
      "  NATS_CREDS=creds/publisher.creds java -jar publisher.jar -n 5",
      "  java -jar publisher.jar --creds creds/publisher.creds --subject bar   refused"
    })
final class CredsPublisherOptions extends MessagePublisherOptions {}
