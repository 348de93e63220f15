package io.github.natsexperiments.resilience;

import java.io.IOException;

/** There is no such bucket, or it is another one than it was. */
public final class BucketGoneException extends IOException {
  private static final long serialVersionUID = 1L;
  private final Reason reason;

  /** What became of the bucket. */
  public enum Reason {
    /** There has been none since we first looked. */
    NOT_FOUND,
    /** It was deleted, or kept in the memory of a server that was restarted. */
    DELETED,
    /**
     * It was deleted, and one of the same name created: its revisions begin with 1 again. Or it was
     * set back to an older state: the last revisions come again.
     */
    RECREATED
  }

  BucketGoneException(String bucket, Reason reason) {
    super("bucket \"" + bucket + "\": " + reason);
    this.reason = reason;
  }

  /** What became of the bucket. */
  public Reason reason() {
    return reason;
  }
}
