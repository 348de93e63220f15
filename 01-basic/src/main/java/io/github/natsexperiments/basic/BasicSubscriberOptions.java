package io.github.natsexperiments.basic;

import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.MessageSubscriberOptions;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Subjects;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of {@link BasicSubscriber}. */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Subscribes to a subject over core NATS and prints the messages.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar                       print until Ctrl-C",
      "  java -jar subscriber.jar --subject 'foo.>'     all subjects that begin with foo.",
      "  java -jar subscriber.jar --queue workers       share the messages with other members",
      "  java -jar subscriber.jar --reply 'Well received'",
      "  java -jar subscriber.jar -n 10 -t 5s           ten messages, 5 s of patience"
    })
final class BasicSubscriberOptions extends MessageSubscriberOptions {
  @Option(
      names = "--queue",
      paramLabel = "GROUP",
      converter = Subjects.ForSubscribing.class,
      description = "Join a queue group: each message goes to one of its members.")
  private String queue;

  @Option(
      names = "--reply",
      paramLabel = "TEXT",
      arity = "0..1",
      fallbackValue = "Thanks",
      description = "Answer requests with TEXT (default: ${FALLBACK-VALUE}).")
  private String reply;

  BasicSubscriberOptions() {
    super("foo");
  }

  @Override
  public Run run() {
    // A member of a queue group gets its share of the numbers: gaps say nothing there.
    return run(queue == null);
  }

  /** The queue group; null for none. */
  String queue() {
    return queue;
  }

  /** The answer to requests; null for none. */
  byte[] reply() {
    return reply == null ? null : reply.getBytes(StandardCharsets.UTF_8);
  }

  int result(Run run) throws Failure {
    return run.result(
        gaveUp("on \"" + subject() + "\""),
        "Messages are missing: core NATS delivers at most once; lesson 03 keeps them");
  }
}
