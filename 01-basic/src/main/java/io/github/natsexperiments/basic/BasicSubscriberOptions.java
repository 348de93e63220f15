package io.github.natsexperiments.basic;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.HeaderOptions;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.cli.SubscriberOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
final class BasicSubscriberOptions {
  @Mixin private CommonOptions common;
  @Mixin private SubscriberOptions subscriber;
  @Mixin HeaderOptions.ForSubscribing headers;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForSubscribing.class,
      description = "Subject; * is any one token, > the whole rest. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

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

  Run run() {
    // A member of a queue group gets its share of the numbers: gaps say nothing there.
    return common.run("Received", subscriber.count(), queue == null);
  }

  String[] servers() {
    return common.servers();
  }

  String subject() {
    return subject;
  }

  /** The queue group; null for none. */
  String queue() {
    return queue;
  }

  /** The answer to requests; null for none. */
  byte[] reply() {
    return reply == null ? null : reply.getBytes(StandardCharsets.UTF_8);
  }

  /** Messages to wait for; {@link Long#MAX_VALUE} without {@code --count}. */
  long count() {
    return subscriber.count();
  }

  /** How long to wait for the next message; null for ever. */
  Duration timeout() {
    return subscriber.timeout();
  }

  int result(Run run) throws Failure {
    return run.result(
        "Gave up: no message on \"%s\" for %d ms"
            .formatted(subject, timeout() == null ? 0 : timeout().toMillis()),
        "Messages are missing: core NATS delivers at most once; lesson 03 keeps them");
  }
}
