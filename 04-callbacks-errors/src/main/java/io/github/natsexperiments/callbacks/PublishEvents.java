package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.resilience.PublishListener;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.time.Duration;

/** What becomes of the published messages: acks on standard output, the rest as events. */
final class PublishEvents implements PublishListener {
  private final Connection connection;
  private final ConnectionEvents events;
  private final Run run;
  private final StreamLookup stream;
  private volatile JetStreamApiException refusal;

  PublishEvents(Connection connection, ConnectionEvents events, Run run, StreamLookup stream) {
    this.connection = connection;
    this.events = events;
    this.run = run;
    this.stream = stream;
  }

  /** The stream has the message. */
  @Override
  public void stored(Stored message) {
    run.tally().add(message.body());
    String twice = message.duplicate() ? "duplicate = \"true\"" : "";
    run.console().acked(message.stream(), message.sequence(), twice);
  }

  /** The stream does not take the message, and would not take it later. */
  @Override
  public void refused(long number, String subject, byte[] body, JetStreamApiException reason) {
    if (refusal == null || !run.console().quiet()) {
      run.console().warn("Refused: #" + number + ": " + reason.getMessage());
    }
    refusal = reason;
    run.stop().ask(Stop.Reason.DONE);
  }

  void throwIfRefused(String stream) throws Failure {
    if (refusal != null) {
      String why = "Stream \"" + stream + "\": " + JetStreamHints.explain(refusal);
      throw new Failure(ExitCode.FAILED, why + "; then continue with --resume", refusal);
    }
  }

  /** No more acks: the server is gone, or hangs. */
  @Override
  public void noAnswer(int messages, String reason) {
    events.report("no answer", connection, "without ack: " + messages + " (" + reason + ")");
  }

  /** Somebody may have changed the stream, so that it does not answer us any more. */
  @Override
  public void sendingAgain(int messages)
      throws IOException, JetStreamApiException, InterruptedException {
    try {
      stream.check();
    } catch (Failure e) {
      run.stop().fail(e);
      throw new IllegalStateException(e); // no use in trying again
    }
  }

  /** Acks arrive again, and the result of everything sent before is known. */
  @Override
  public void answered(Duration silence, int stored, int sentAgain) {
    int unknown = stored + sentAgain;
    String what = "after %d ms; without ack: %d, of these stored: %d, sent again: %d";
    events.report(
        "answer",
        connection,
        unknown == 0
            ? "after %d ms; every ack has come".formatted(silence.toMillis())
            : what.formatted(silence.toMillis(), unknown, stored, sentAgain));
  }
}
