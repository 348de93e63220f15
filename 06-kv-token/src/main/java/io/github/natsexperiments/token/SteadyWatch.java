package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.KeyValueOptions;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatcher;
import io.nats.client.impl.NatsKeyValueWatchSubscription;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A watch that begins anew when the connection is back, or a cluster has a leader again, after the
 * last revision it has shown: jnats' own would be silent for half a minute. Lesson 5 has one that
 * does more.
 */
final class SteadyWatch implements ConnectionListener, AutoCloseable {
  private static final KeyValueOptions ANSWER_SOON =
      KeyValueOptions.builder().jsRequestTimeout(Duration.ofSeconds(2)).build();
  private static final Logger LOG = LoggerFactory.getLogger("nats");
  private static final int BUCKET_NOT_FOUND = 10059;
  private static final Duration ROUND_TRIP = Duration.ofSeconds(2);
  private static final long PAUSE_MILLIS = 200;
  private static final long LOOK_MILLIS = 1000;

  private final Connection connection;
  private final String bucket;
  private final String keys;
  private final KeyValueWatcher watcher;
  private final boolean follow;
  private final Stop stop;

  // Not in the connection's own thread: that one has to read the answers.
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread daemon = new Thread(task, "watch");
            daemon.setDaemon(true);
            return daemon;
          });

  private NatsKeyValueWatchSubscription subscription;
  private boolean watching;

  // Shared with the threads of the watches, under this object's lock.
  private Part current;
  private long from;
  private boolean endOfData;

  /**
   * @param keys a key, or a pattern
   * @param watcher called for one entry after the other, {@code endOfData} once
   * @param follow whether to wait for a bucket that is not there yet
   * @param stop learns what ends the watch
   */
  SteadyWatch(
      Connection connection,
      String bucket,
      String keys,
      KeyValueWatcher watcher,
      boolean follow,
      Stop stop) {
    this.connection = connection;
    this.bucket = bucket;
    this.keys = keys;
    this.watcher = watcher;
    this.follow = follow;
    this.stop = stop;
  }

  /** Begins to watch. */
  void start() {
    connection.addConnectionListener(this);
    thread.execute(this::begin);
    if (connection.getServerInfo().getCluster() != null) {
      thread.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void connectionEvent(Connection connection, Events type, Long time, String url) {
    if (type == Events.RESUBSCRIBED) {
      thread.execute(this::begin);
    }
  }

  @Override
  @Deprecated
  public void connectionEvent(Connection connection, Events type) {
    // the older form of the method above
  }

  /** In a cluster, who leads the bucket can die without being the server we are connected to. */
  private void look() {
    try {
      if (watching) {
        connection.keyValue(bucket, ANSWER_SOON).getStatus();
      }
    } catch (IOException | JetStreamApiException | IllegalStateException e) {
      begin();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void begin() {
    watching = false;
    try {
      var kv = connection.keyValue(bucket, ANSWER_SOON);
      Part part =
          new Part(kv.getStatus().getBackingStreamInfo().getStreamState().getLastSequence());
      long first;
      synchronized (this) {
        current = part; // from now on, what the one before still brings is ignored
        first = from;
      }
      unsubscribe();
      subscription = first > 0 ? kv.watch(keys, part, first) : kv.watch(keys, part);
      watching = true;
    } catch (IOException | JetStreamApiException | IllegalStateException e) {
      if (isMissing(e) || isMissing(e.getCause())) {
        missing();
      } else {
        reconnectIfStuck();
      }
      beginLater();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void beginLater() {
    if (!stop.asked() && !thread.isShutdown()) {
      thread.schedule(this::begin, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private static boolean isMissing(Throwable e) {
    return e instanceof JetStreamApiException api && api.getApiErrorCode() == BUCKET_NOT_FOUND;
  }

  private synchronized void missing() {
    if (!follow) {
      stop.fail(
          new Failure(
              ExitCode.FAILED,
              "There is no bucket \""
                  + bucket
                  + "\": start publisher.jar, which creates it, or wait for it with --follow"));
    } else if (from != 1) {
      LOG.info("Waiting for bucket \"{}\" to be created", bucket);
      from = 1; // whatever is in the new one came after this moment
    }
  }

  /** What one subscription brings. */
  private final class Part implements KeyValueWatcher {
    private final long newest; // revision of the bucket when it began

    Part(long newest) {
      this.newest = newest;
    }

    @Override
    public void watch(KeyValueEntry entry) {
      synchronized (SteadyWatch.this) {
        if (current == this) {
          from = entry.getRevision() + 1;
          watcher.watch(entry);
        }
      }
    }

    @Override
    public void endOfData() {
      synchronized (SteadyWatch.this) {
        if (current == this) {
          from = Math.max(from, newest + 1); // nothing older is to come
          if (!endOfData) {
            endOfData = true;
            watcher.endOfData();
          }
        }
      }
    }
  }

  /** A connection that is lost again in the middle of reconnecting can stay silent. */
  private void reconnectIfStuck() {
    try {
      try {
        connection.flush(ROUND_TRIP);
      } catch (TimeoutException e) {
        if (connection.getStatus() == Connection.Status.CONNECTED) {
          connection.forceReconnect();
        }
      }
    } catch (IOException | IllegalStateException e) {
      // lost or closed: the next attempt fails, too
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void unsubscribe() {
    if (subscription != null) {
      try {
        subscription.unsubscribe();
      } catch (IllegalStateException e) {
        // the connection is gone, and with it the subscription
      }
      subscription = null;
    }
  }

  /** Ends the watch; the watcher is not called any more when this returns. */
  @Override
  public synchronized void close() {
    thread.shutdownNow();
    current = null;
  }
}
