package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.resilience.PublishListener;
import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.time.Duration;

/** Prints and counts what becomes of the published messages. */
final class AckLog implements PublishListener {
  private final Run run;
  private final StreamSetup stream;
  private long refused;

  AckLog(Run run, StreamSetup stream) {
    this.run = run;
    this.stream = stream;
  }

  @Override
  public void stored(Stored message) {
    stored(message.body(), message.stream(), message.sequence(), message.duplicate());
  }

  void stored(byte[] payload, String streamName, long sequence, boolean duplicate) {
    run.tally().add(payload);
    run.console().acked(streamName, sequence, duplicate ? "duplicate = \"true\"" : "");
  }

  @Override
  public synchronized void refused(
      long number, String subject, byte[] payload, JetStreamApiException reason) {
    if (refused++ == 0 || !run.console().quiet()) {
      String why = JetStreamHints.explain(reason);
      run.console().warn("Message #" + number + " was refused: " + why);
    }
  }

  synchronized void throwIfRefused() throws Failure {
    if (refused > 0) {
      throw new Failure(
          ExitCode.FAILED,
          refused == 1
              ? "1 message was refused: it is not stored"
              : refused + " messages were refused: they are not stored");
    }
  }

  @Override
  public void noAnswer(int messages, String reason) {
    String what = "No ack (%s): sending again with the same ids, until there is one: %d messages";
    run.console().warn(what.formatted(reason, messages));
  }

  /** A stream in memory goes with the server. */
  @Override
  public void sendingAgain(int messages) throws IOException, InterruptedException {
    try {
      stream.ensure();
    } catch (Failure e) {
      run.stop().fail(e);
      throw new IllegalStateException(e); // no use in trying again
    }
  }

  @Override
  public void answered(Duration silence, int found, int sentAgain) {
    String what = "Acks come again, after %d ms; sent again: %d messages";
    run.console().info(what.formatted(silence.toMillis(), sentAgain));
  }
}
