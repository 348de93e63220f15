package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.github.natsexperiments.resilience.Streams;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Creates the publisher's stream if it is not there, and reports what differs if it is.
 *
 * @see <a href="https://docs.nats.io/learn/jetstream/shaping-the-stream">NATS documentation:
 *     streams</a>
 */
final class StreamSetup {
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final Duration IMPATIENCE = Duration.ofMillis(500);

  private final Connection connection;
  private final StreamConfiguration wanted;
  private final Console console;
  private final String name;
  private final String subject;
  private boolean known;
  private boolean unseen; // we may not look

  StreamSetup(Connection connection, StreamConfiguration wanted, Console console) {
    this.connection = connection;
    this.wanted = wanted;
    this.console = console;
    this.name = wanted.getName();
    this.subject = wanted.getSubjects().get(0);
  }

  /**
   * Creates the stream if it is not there; a stream in memory goes with the server.
   *
   * @throws IOException when the server does not answer
   * @throws Failure exit code 1 when it cannot be created, or does not take and acknowledge what is
   *     published to the subject
   */
  void ensure() throws IOException, InterruptedException, Failure {
    if (unseen) {
      return;
    }
    try {
      // In a cluster without a leader, what is to be sent again must not wait long for this.
      StreamInfo found = Streams.find(connection, name, known ? IMPATIENCE : PATIENCE);
      if (found == null) {
        create();
      } else {
        check(found.getConfiguration(), found.getStreamState().getMsgCount());
      }
      known = true;
    } catch (NotPermittedException e) {
      if (!e.getMessage().contains("STREAM.INFO")) {
        throw e;
      }
      unseen = true; // and yet it may be there, and take what we send
      console.warn("Cannot look at stream \"" + name + "\": " + e.getMessage());
    } catch (IOException e) {
      JetStreamHints.checkServer(connection); // it may have been restarted without JetStream
      throw e;
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isTransient(e)) {
        throw new IOException(e.getMessage(), e);
      }
      throw JetStreamHints.failure("Cannot create stream \"" + name + "\"", e);
    }
  }

  private void create() throws IOException, JetStreamApiException, InterruptedException, Failure {
    if (known) {
      console.warn(JetStreamHints.gone(name));
    }
    JetStreamManagement management = connection.jetStreamManagement();
    try {
      JetStreamErrors.ask(connection, () -> management.addStream(wanted));
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() != JetStreamErrors.SUBJECTS_OVERLAP) {
        throw e;
      }
      throw new Failure(
          ExitCode.FAILED,
          "Subject \"%s\" belongs to another stream, %s: choose another --subject or that --stream"
              .formatted(subject, owners(management)),
          e);
    }
    boolean memory = wanted.getStorageType() == StorageType.Memory;
    String place = memory ? "memory: a restart of the server empties it" : "a file";
    console.info("Created stream \"%s\", kept in %s".formatted(name, place));
  }

  private String owners(JetStreamManagement management) throws InterruptedException {
    try {
      return String.join(", ", management.getStreamNames(subject));
    } catch (IOException | JetStreamApiException e) {
      return "whose name we may not ask"; // it needs a permission of its own
    }
  }

  /** Somebody else may change it at any time; what differs is of interest at the start. */
  private void check(StreamConfiguration there, long messages) throws Failure {
    if (!known) {
      compare(there, messages);
    }
    String why = Streams.whyNoAcks(there);
    if (why != null) {
      throw new Failure(
          ExitCode.FAILED, "Stream \"%s\" %s: choose another --stream".formatted(name, why));
    }
    if (!Subjects.cover(there.getSubjects(), subject)) {
      throw new Failure(
          ExitCode.FAILED,
          "Stream \"%s\" does not take messages for \"%s\": choose another --stream or --subject"
              .formatted(name, subject));
    }
  }

  private void compare(StreamConfiguration there, long messages) {
    console.info("Stream \"%s\" is there, with %d messages".formatted(name, messages));
    List<String> differences = differences(there);
    if (!differences.isEmpty()) {
      console.warn(
          "It stays as it is: %s; `nats stream edit` or `nats stream rm` changes that"
              .formatted(String.join(", ", differences)));
    }
  }

  private List<String> differences(StreamConfiguration there) {
    List<String> all = new ArrayList<>();
    difference(all, "subjects", wanted.getSubjects(), there.getSubjects());
    difference(all, "storage", wanted.getStorageType(), there.getStorageType());
    difference(all, "retention", wanted.getRetentionPolicy(), there.getRetentionPolicy());
    difference(all, "max-age", show(wanted.getMaxAge()), show(there.getMaxAge()));
    difference(all, "max-messages", wanted.getMaxMsgs(), there.getMaxMsgs());
    difference(all, "discard", wanted.getDiscardPolicy(), there.getDiscardPolicy());
    difference(all, "replicas", wanted.getReplicas(), there.getReplicas());
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
