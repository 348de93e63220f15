package io.github.natsexperiments.basic;

import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.MessagePublisherOptions;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of {@link BasicPublisher}. */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Publishes messages to a subject over core NATS.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar                            one message a second",
      "  java -jar publisher.jar -n 5 -m 'Temperature {n}'  five of your own",
      "  java -jar publisher.jar --request                  wait for a reply to each",
      "  tail -f some.log | java -jar publisher.jar --stdin",
      "  java -jar publisher.jar -n 1000000 -i 0 -q --size 128"
    })
final class BasicPublisherOptions extends MessagePublisherOptions {
  @Option(names = "--request", description = "Send requests, and print the reply to each.")
  private boolean request;

  @Option(
      names = {"-t", "--timeout"},
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "With --request: longest wait for a reply. Default: 2s.")
  private Duration timeout = Duration.ofSeconds(2);

  boolean request() {
    return request;
  }

  /** The longest wait for a reply. */
  Duration timeout() {
    return timeout;
  }
}
