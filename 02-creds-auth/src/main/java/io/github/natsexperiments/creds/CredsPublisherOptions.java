package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.HeaderOptions;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.PublisherOptions;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Subjects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
final class CredsPublisherOptions {
  @Mixin private CommonOptions common;
  @Mixin private PublisherOptions publisher;
  @Mixin HeaderOptions.ForPublishing headers;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForPublishing.class,
      description = "Subject to publish to. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  Run run() {
    return common.run("Published", publisher.count(), false);
  }

  String subject() {
    return subject;
  }

  PayloadSource payloads(Run run, long maxPayload) {
    return publisher.payloads(run.stop(), maxPayload);
  }
}
