package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.HeaderOptions;
import io.github.natsexperiments.cli.Names;
import io.github.natsexperiments.cli.Numbers;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.PublisherOptions;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Subjects;
import io.nats.client.Connection;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line of {@link CallbacksPublisher}. */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Publishes to a stream; survives the loss of its server.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar                    one message a second",
      "  java -jar publisher.jar --fast-detect      notice a dead server in seconds",
      "  java -jar publisher.jar -n 1000 --resume   after kill -9: up to #999",
      "  java -jar publisher.jar -n 200000 -i 0 -q  as fast as the acks come"
    })
final class CallbacksPublisherOptions {
  /** The server drops what overruns its ingest queue; more than this was not faster either. */
  static final int LARGEST_WINDOW = 1000;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Mixin private CommonOptions common;
  @Mixin private PublisherOptions publisher;
  @Mixin HeaderOptions.ForPublishing headers;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForPublishing.class,
      description = "Subject to publish to. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  @Option(
      names = "--stream",
      paramLabel = "NAME",
      converter = Names.OfStream.class,
      description = "Stream; created when it is not there. Default: ${DEFAULT-VALUE}.")
  private String stream = "sample_stream";

  @Option(
      names = "--resume",
      description = "Continue after the last number in the stream; --count is then the total.")
  private boolean resume;

  @Option(
      names = "--fast-detect",
      description = "Ping every 2 s and give up after two: a dead server is noticed within 10 s.")
  private boolean fastDetect;

  private int window = LARGEST_WINDOW;

  @Option(
      names = "--window",
      paramLabel = "N",
      description =
          "Messages without acknowledgement at a time, 1-1000; with 1 they keep their order in the"
              + " stream whatever happens. Default: 1000.")
  private void setWindow(int value) {
    if (value < 1 || value > LARGEST_WINDOW) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value '%d' for --window: a number from 1 on, and not more than %d"
              .formatted(value, LARGEST_WINDOW));
    }
    window = value;
  }

  private int replicas = 1;

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "New stream: copies, each on a server of its own. Default: 1.")
  private void setReplicas(int value) {
    replicas = (int) Numbers.upTo(5, spec, "--replicas", value);
  }

  Run run() {
    return common.run("Published", publisher.count(), false);
  }

  PayloadSource payloads(Run run, Connection connection, long first) {
    return publisher.payloads(run.stop(), connection.getMaxPayload(), first);
  }

  String subject() {
    return subject;
  }

  String stream() {
    return stream;
  }

  boolean resume() {
    return resume;
  }

  boolean fastDetect() {
    return fastDetect;
  }

  int window() {
    return window;
  }

  /** The stream that is created if there is none of this name. */
  StreamConfiguration configuration() {
    return StreamConfiguration.builder()
        .name(stream)
        .subjects(subject)
        .storageType(StorageType.File)
        .replicas(replicas)
        // For so long the server recognises a message id that it has had.
        .duplicateWindow(Duration.ofMinutes(2))
        .build();
  }
}
