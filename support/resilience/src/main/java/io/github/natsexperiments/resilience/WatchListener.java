package io.github.natsexperiments.resilience;

/**
 * What becomes of a {@link ResumingWatch}. Called in threads of the watch, one call after the
 * other, never while the watcher is called, and not after {@link ResumingWatch#close}.
 */
@FunctionalInterface
public interface WatchListener {
  /**
   * The watch has ended; no callback follows. The reason: {@link BucketGoneException}, {@link
   * NotPermittedException}, {@link ConnectionClosedException}, {@link
   * io.nats.client.JetStreamApiException} (the server refused the first consumer), {@link
   * java.io.IOException} (no JetStream for this account), or whatever the watcher threw.
   */
  void failed(Throwable why);

  /** There is no such bucket, not yet or not any more: the watch waits for one. */
  default void waiting() {}

  /**
   * The bucket is a new one of the same name, or an older state of it (a backup): the watch begins
   * with its first revision.
   */
  default void renewed() {}

  /** The server has not done for 2 s what the watch needs, which is retried. Called once. */
  default void retrying(Exception why) {}

  /** After {@link #retrying}: the watch works again. */
  default void resumed() {}
}
