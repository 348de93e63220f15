package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Names;
import io.github.natsexperiments.cli.Numbers;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The publisher's stream: its options, and its creation when it is not there.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/streams">NATS documentation:
 *     streams</a>
 */
final class StreamSetup {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private static final JetStreamOptions PATIENCE = answerWithin(Duration.ofSeconds(5));
  private static final JetStreamOptions IMPATIENCE = answerWithin(Duration.ofMillis(500));

  @Option(
      names = "--stream",
      paramLabel = "NAME",
      converter = Names.OfStream.class,
      description =
          "Stream that keeps the messages; created if missing. Default: ${DEFAULT-VALUE}.")
  private String name = "sample_stream";

  @Option(
      names = "--storage",
      paramLabel = "KIND",
      converter = Names.OfStorage.class,
      description =
          "New stream: file, or memory (gone with the server). Default: ${DEFAULT-VALUE}.")
  private StorageType storage = StorageType.File;

  @Option(
      names = "--retention",
      paramLabel = "POLICY",
      converter = Names.OfRetention.class,
      description = {
        "New stream: limits keeps a message until it is too old or one too many, workqueue until"
            + " one consumer has acknowledged it, interest until all have. Default: limits."
      })
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
    replicas = (int) Numbers.positive(spec, "--replicas", value);
  }

  private boolean known;

  /**
   * Creates the stream if it is not there. If it is, it stays as it is, and what differs from the
   * options is told.
   *
   * @param subject what the stream collects
   * @throws IOException when the server does not answer
   * @throws Failure exit code 1 when it cannot be created or does not take the subject
   */
  void ensure(Connection connection, String subject, Console console) throws IOException, Failure {
    // Who asks again waits to send again: in a cluster without a leader not for long.
    JetStreamManagement management = connection.jetStreamManagement(known ? IMPATIENCE : PATIENCE);
    StreamConfiguration wanted =
        StreamConfiguration.builder()
            .name(name)
            .subjects(subject)
            .storageType(storage)
            .retentionPolicy(retention)
            .maxAge(maxAge)
            .maxMessages(maxMessages)
            .discardPolicy(discard)
            .replicas(replicas)
            .build();
    try {
      StreamInfo found = find(management);
      if (found == null) {
        if (known) {
          console.warn(JetStreamErrors.gone(name));
        }
        management.addStream(wanted);
        console.info("Created stream \"%s\", kept in %s".formatted(name, place(storage)));
      } else if (!known) {
        console.info(
            "Stream \"%s\" is there, with %d messages"
                .formatted(name, found.getStreamState().getMsgCount()));
        List<String> differences = differences(wanted, found.getConfiguration());
        if (!differences.isEmpty()) {
          console.warn(
              "It stays as it is: %s; `nats stream edit` or `nats stream rm` changes that"
                  .formatted(String.join(", ", differences)));
        }
        if (!management.getStreamNames(subject).contains(name)) {
          throw new Failure(
              ExitCode.FAILED,
              "Stream \"%s\" does not take messages for \"%s\": choose another --stream or --subject"
                  .formatted(name, subject));
        }
      }
      known = true;
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == JetStreamErrors.SUBJECT_TAKEN) {
        throw new Failure(
            ExitCode.FAILED,
            "Subject \"%s\" belongs to another stream, %s: choose another --subject or that --stream"
                .formatted(subject, owners(management, subject)),
            e);
      }
      if (JetStreamErrors.passes(e)) {
        throw new IOException(e.getMessage(), e);
      }
      throw JetStreamErrors.failure("Cannot create stream \"" + name + "\"", e);
    }
  }

  private static JetStreamOptions answerWithin(Duration limit) {
    return JetStreamOptions.builder().requestTimeout(limit).build();
  }

  private StreamInfo find(JetStreamManagement management)
      throws IOException, JetStreamApiException {
    try {
      return management.getStreamInfo(name);
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == JetStreamErrors.STREAM_NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  private static String owners(JetStreamManagement management, String subject) throws IOException {
    try {
      return String.join(", ", management.getStreamNames(subject));
    } catch (JetStreamApiException e) {
      return "unknown";
    }
  }

  private static String place(StorageType storage) {
    return storage == StorageType.Memory ? "memory: a restart of the server empties it" : "a file";
  }

  private static List<String> differences(StreamConfiguration wanted, StreamConfiguration found) {
    List<String> all = new ArrayList<>();
    difference(all, "subjects", wanted.getSubjects(), found.getSubjects());
    difference(all, "storage", wanted.getStorageType(), found.getStorageType());
    difference(all, "retention", wanted.getRetentionPolicy(), found.getRetentionPolicy());
    difference(all, "max-age", show(wanted.getMaxAge()), show(found.getMaxAge()));
    difference(all, "max-messages", wanted.getMaxMsgs(), found.getMaxMsgs());
    difference(all, "discard", wanted.getDiscardPolicy(), found.getDiscardPolicy());
    difference(all, "replicas", wanted.getReplicas(), found.getReplicas());
    return all;
  }

  /** 1h30m instead of PT1H30M. */
  private static String show(Duration duration) {
    return duration.toString().substring("PT".length()).toLowerCase(Locale.ROOT);
  }

  private static void difference(List<String> all, String field, Object wanted, Object found) {
    if (!wanted.equals(found)) {
      all.add(field + " is " + found + ", not " + wanted);
    }
  }
}
