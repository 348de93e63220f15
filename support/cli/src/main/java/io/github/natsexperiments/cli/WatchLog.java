package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.BucketGoneException;
import io.github.natsexperiments.resilience.ConnectionClosedException;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.github.natsexperiments.resilience.WatchListener;
import io.nats.client.JetStreamApiException;

/** Logs what becomes of a watch, and ends the run when the watch has ended. */
public class WatchLog implements WatchListener {
  /** What has become of a bucket that was there; begins behind its name. */
  public static final String GONE =
      " is gone: deleted, or kept in memory by a server that was restarted; --follow waits for a new one";

  private final String bucket;
  private final Stop stop;

  /**
   * @param stop what ends the run
   */
  public WatchLog(String bucket, Stop stop) {
    this.bucket = "bucket \"" + bucket + "\"";
    this.stop = stop;
  }

  @Override
  public void waiting() {
    Log.LOG.info("Waiting for {} to be created", bucket);
  }

  @Override
  public void renewed() {
    String what = "B{} is a new one, or an older state of it: watching it from its first revision";
    Log.LOG.info(what, bucket.substring(1));
  }

  @Override
  public void retrying(Exception why) {
    Log.LOG.warn("Cannot watch {} now, trying again: {}", bucket, why.getMessage());
  }

  @Override
  public void resumed() {
    Log.LOG.info("Watching {} again", bucket);
  }

  @Override
  public void failed(Throwable why) {
    stop.fail(failure(why));
  }

  private Failure failure(Throwable why) {
    if (why instanceof ConnectionClosedException closed) {
      return Failure.of(closed);
    }
    if (why instanceof NotPermittedException refused) {
      return Failure.of(refused);
    }
    String thisBucket = "B" + bucket.substring(1);
    if (why instanceof BucketGoneException gone) {
      return new Failure(
          ExitCode.FAILED,
          switch (gone.reason()) {
            case NOT_FOUND ->
                "There is no "
                    + bucket
                    + ": start publisher.jar, which creates it, or wait for it with --follow";
            case DELETED -> thisBucket + GONE;
            case RECREATED ->
                thisBucket
                    + " was deleted and created again, or set back to an older state; --follow goes on with that";
          });
    }
    String reason =
        why instanceof JetStreamApiException api ? JetStreamHints.explain(api) : why.getMessage();
    return new Failure(
        ExitCode.FAILED,
        "Cannot watch " + bucket + ": " + (why instanceof Exception ? reason : why.toString()),
        why);
  }
}
