package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Subjects;
import io.github.natsexperiments.resilience.ConnectionClosedException;
import io.github.natsexperiments.resilience.IdempotentPublisher;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.github.natsexperiments.resilience.PublishListener;
import io.github.natsexperiments.resilience.StoredRun;
import io.github.natsexperiments.resilience.Streams;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Duration;

/** Looks at the publisher's stream before the first message: is it there, and how far is it? */
final class StreamLookup {
  private static final Duration ANSWER = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final Connection connection;
  private final CallbacksPublisherOptions options;
  private final ConnectionEvents events;
  private final Run run;

  StreamLookup(
      Connection connection, CallbacksPublisherOptions options, ConnectionEvents events, Run run) {
    this.connection = connection;
    this.options = options;
    this.events = events;
    this.run = run;
  }

  /**
   * Creates the stream if it is not there, and makes a publisher that begins where the last run
   * ended, if that is wanted. Tries again while the server does not answer, and reports that once.
   *
   * @return null when the run was stopped before the server answered
   */
  IdempotentPublisher publisher(PublishListener listener)
      throws IOException, JetStreamApiException, InterruptedException, Failure {
    String reported = null;
    do {
      String reason;
      try {
        createStream();
        StoredRun before =
            options.resume()
                ? StoredRun.last(
                    connection,
                    options.stream(),
                    options.subject(),
                    CallbacksPublisherOptions.LARGEST_WINDOW)
                : null;
        IdempotentPublisher publisher =
            IdempotentPublisher.builder(connection)
                .resume(before)
                .window(options.window())
                .readBack(options.stream())
                .listener(listener)
                .stopWhen(run.stop()::asked)
                .build();
        String what = before == null ? "Run " : "Going on with run ";
        run.console().info(what + publisher.run() + " at #" + publisher.nextNumber());
        return publisher;
      } catch (NotPermittedException | ConnectionClosedException e) {
        throw e;
      } catch (IOException | IllegalStateException e) {
        reason = e.getMessage();
      } catch (JetStreamApiException e) {
        if (!JetStreamErrors.isTransient(e)) {
          throw e;
        }
        reason = e.getMessage();
      }
      if (reported == null) {
        reported = reason;
        events.report("no answer", connection, reason);
      }
    } while (!run.stop().sleep(PAUSE));
    return null;
  }

  /** A stream that is there already is taken as it is; lesson 3 reports what differs. */
  private void createStream()
      throws IOException, JetStreamApiException, InterruptedException, Failure {
    String name = options.stream();
    StreamInfo found = Streams.find(connection, name, ANSWER);
    if (found == null) {
      found =
          JetStreamErrors.ask(
              connection,
              () -> connection.jetStreamManagement().addStream(options.configuration()));
      run.console()
          .info("Created stream \"" + name + "\" for subject \"" + options.subject() + "\"");
    }
    check(found.getConfiguration());
  }

  /**
   * Looks again: somebody else may change the stream at any time.
   *
   * @throws Failure exit code 1 when it does not take and acknowledge what is published
   */
  void check() throws IOException, JetStreamApiException, InterruptedException, Failure {
    try {
      StreamInfo found = Streams.find(connection, options.stream(), ANSWER);
      if (found != null) {
        check(found.getConfiguration());
      }
    } catch (IOException e) {
      JetStreamHints.checkServer(connection); // it may have been restarted without JetStream
      throw e;
    }
  }

  private void check(StreamConfiguration stream) throws Failure {
    String why = Streams.whyNoAcks(stream);
    if (why == null && !Subjects.cover(stream.getSubjects(), options.subject())) {
      why = "does not take subject \"" + options.subject() + "\"";
    }
    if (why != null) {
      throw new Failure(
          ExitCode.FAILED,
          "Stream \"%s\" %s: choose another --stream or --subject"
              .formatted(options.stream(), why));
    }
    if (options.resume() && stream.getSubjectTransform() != null) {
      throw new Failure(
          ExitCode.FAILED,
          "Stream \"%s\" stores what is sent to \"%s\" under another subject: leave out --resume"
              .formatted(options.stream(), options.subject()));
    }
  }
}
