package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.HeaderOptions;
import io.github.natsexperiments.cli.Names;
import io.github.natsexperiments.cli.Numbers;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.PublisherOptions;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.resilience.PublisherBuilder;
import io.nats.client.Connection;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command line of {@link JetStreamPublisher}. */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Publishes messages into a JetStream stream.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar                     one message a second, each acknowledged",
      "  java -jar publisher.jar --storage memory    fast, and gone with the server",
      "  java -jar publisher.jar -n 20 -i 0 --max-messages 10 --discard new",
      "  java -jar publisher.jar --async -n 400000 -i 0 -q --size 128"
    })
final class JetStreamPublisherOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Mixin private CommonOptions common;
  @Mixin private PublisherOptions publisher;
  @Mixin HeaderOptions.ForPublishing headers;

  @Option(
      names = "--stream",
      paramLabel = "NAME",
      converter = Names.OfStream.class,
      description = "Stream for the messages; created if missing. Default: ${DEFAULT-VALUE}.")
  private String name = "sample_stream";

  @Option(
      names = "--storage",
      paramLabel = "KIND",
      converter = Names.OfStorage.class,
      description = "New stream: file, or memory (gone with the server). Default: file.")
  private StorageType storage = StorageType.File;

  @Option(
      names = "--retention",
      paramLabel = "POLICY",
      converter = Names.OfRetention.class,
      description =
          "New stream: limits keeps a message until it is too old or one too many, workqueue until"
              + " one consumer has acknowledged it, interest until all have. Default: limits.")
  private RetentionPolicy retention = RetentionPolicy.Limits;

  @Option(
      names = "--max-age",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "New stream: keep a message that long, 24h for a day. Default: for ever.")
  private Duration maxAge = Duration.ZERO;

  @Option(
      names = "--discard",
      paramLabel = "WHICH",
      converter = Names.OfDiscard.class,
      description = "New stream, when full: the old message goes or the new. Default: old.")
  private DiscardPolicy discard = DiscardPolicy.Old;

  private long maxMessages = -1;
  private int replicas = 1;
  private int window;

  @Option(
      names = "--max-messages",
      paramLabel = "N",
      description = "New stream: keep at most N messages. Default: no limit.")
  private void setMaxMessages(long value) {
    maxMessages = Numbers.positive(spec, "--max-messages", value);
  }

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "New stream: copies, each on a server of its own. Default: 1.")
  private void setReplicas(int value) {
    replicas = (int) Numbers.upTo(5, spec, "--replicas", value);
  }

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForPublishing.class,
      description = "Subject to publish to. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  @Option(
      names = "--async",
      paramLabel = "WINDOW",
      arity = "0..1",
      fallbackValue = "1000",
      description = "Keep up to WINDOW messages in flight (default: ${FALLBACK-VALUE}).")
  private void setWindow(int value) {
    window = (int) Numbers.upTo(PublisherBuilder.LARGEST_WINDOW, spec, "--async", value);
  }

  Run run() {
    return common.run("Published", publisher.count(), false);
  }

  PayloadSource payloads(Run run, Connection connection) {
    return publisher.payloads(run.stop(), connection.getMaxPayload());
  }

  String subject() {
    return subject;
  }

  /** Messages in flight at once; 0 to wait for each ack. */
  int window() {
    return window;
  }

  /** The stream that is created if there is none of this name. */
  StreamConfiguration stream() {
    return StreamConfiguration.builder()
        .name(name)
        .subjects(subject)
        .storageType(storage)
        .retentionPolicy(retention)
        .maxAge(maxAge)
        .maxMessages(maxMessages)
        .discardPolicy(discard)
        .replicas(replicas)
        .build();
  }
}
