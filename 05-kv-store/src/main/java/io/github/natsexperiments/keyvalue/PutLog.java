package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.resilience.PublishListener;
import io.nats.client.JetStreamApiException;
import java.time.Duration;

/** Prints and counts what becomes of the puts that nobody waits for one by one. */
final class PutLog implements PublishListener {
  private final Run run;
  private final String bucket;
  private volatile long refused;

  PutLog(Run run, String bucket) {
    this.run = run;
    this.bucket = bucket;
  }

  @Override
  public void stored(Stored put) {
    if (put.sequence() > 0) { // else the answer is lost, and a newer value of the key is there
      run.console().stored(bucket, key(put.subject()), put.sequence());
    }
    run.tally().add(put.body());
  }

  @Override
  public void refused(long number, String subject, byte[] value, JetStreamApiException reason) {
    if (refused == 0) { // the others of the window will be for the same reason
      run.console().warn("Refused a value of key \"" + key(subject) + "\": " + reason.getMessage());
    }
    refused = refused + 1; // in one thread at a time
  }

  @Override
  public void noAnswer(int puts, String reason) {
    String what = "Puts without an answer: %d (%s); what has not arrived is sent again";
    run.console().warn(what.formatted(puts, reason));
  }

  @Override
  public void answered(Duration silence, int stored, int sentAgain) {
    String what = "Answers come again, after %d ms; stored meanwhile: %d, sent again: %d puts";
    run.console().info(what.formatted(silence.toMillis(), stored, sentAgain));
  }

  boolean hasRefused() {
    return refused > 0;
  }

  /**
   * Says what is left to say of the puts.
   *
   * @param unknown how many have no answer
   * @throws Failure exit code 1 when the server has refused one
   */
  void finish(long puts, long unknown) throws Failure {
    if (unknown > 0) {
      run.console().warn("Puts without an answer, stored or not: " + unknown);
    }
    if (refused > 0) {
      throw new Failure(ExitCode.FAILED, "The server refused " + refused + " of " + puts + " puts");
    }
  }

  private String key(String subject) {
    return subject.substring("$KV..".length() + bucket.length());
  }
}
