package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.MessagePublisherOptions;
import io.github.natsexperiments.cli.Names;
import io.github.natsexperiments.cli.Numbers;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

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
final class CallbacksPublisherOptions extends MessagePublisherOptions {
  /** The server drops what overruns its ingest queue; more than this was not faster either. */
  static final int LARGEST_WINDOW = 1000;

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
        .subjects(subject())
        .storageType(StorageType.File)
        .replicas(replicas)
        .build();
  }
}
