package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.KeyValueManagement;
import io.nats.client.NUID;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatchOption;
import io.nats.client.api.KeyValueWatcher;
import io.nats.client.api.StreamInfo;
import io.nats.client.impl.NatsKeyValueWatchSubscription;
import java.io.IOException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A watch that goes on without a gap when the server was away. After a restart the server knows
 * nothing of a watch any more; the one of jnats finds out by missing heartbeats, 27 s later. This
 * one begins anew as soon as the connection is back, at the revision after the last one it has
 * handed on. Once a second it also looks whether the bucket is still there and still the same.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/develop_jetstream/kv">NATS documentation:
 *     Key/Value store for developers</a>
 */
final class GaplessWatch implements ConnectionListener, AutoCloseable {
  private static final long CHECK_MILLIS = 1000;
  private static final Duration ROUND_TRIP = Duration.ofSeconds(2);
  private static final int CHECKS_PER_CONSUMER = 3;
  private static final long WAITING_CHECK_MILLIS = 100; // the first value may not stay for long

  private final Connection connection;
  private final KeyValueManagement management;
  private final JetStreamManagement streams;
  private final String bucket;
  private final String keys;
  private final KeyValueWatcher watcher;
  private final KeyValueWatchOption[] options;
  private final boolean follow;
  private final Stop stop;
  private final Console console;

  private final Semaphore connected = new Semaphore(0);
  private final Thread keeper = new Thread(this::keep, "watch");
  private NatsKeyValueWatchSubscription subscription;
  private ZonedDateTime created; // tells a bucket from a new one of the same name
  private boolean behind = true; // a subscription is needed
  private boolean waiting; // for a bucket
  private int checks;

  // Changed under this object's lock, which the threads of the watches take.
  private volatile Part current;
  private long from;
  private boolean endOfData;

  /**
   * @param keys a key, or a pattern
   * @param watcher called for one entry after the other, {@code endOfData} once
   * @param from the first revision; 0 for what the options say
   * @param follow whether to wait for the bucket when it is not there, or not any more
   */
  GaplessWatch(
      Connection connection,
      String bucket,
      String keys,
      KeyValueWatcher watcher,
      long from,
      KeyValueWatchOption[] options,
      boolean follow,
      Stop stop,
      Console console)
      throws IOException {
    this.connection = connection;
    this.management = connection.keyValueManagement(KvPublisher.ANSWER_SOON);
    this.streams = connection.jetStreamManagement(KvPublisher.ANSWER_SOON.getJetStreamOptions());
    this.bucket = bucket;
    this.keys = keys;
    this.watcher = watcher;
    this.from = from;
    this.options = options;
    this.follow = follow;
    this.stop = stop;
    this.console = console;
  }

  /**
   * Begins to watch.
   *
   * @throws Failure exit code 1 when there is no such bucket, unless this waits for it; what ends
   *     the watch later reaches {@link Stop#fail}
   */
  void start() throws Failure, JetStreamApiException, InterruptedException {
    connection.addConnectionListener(this);
    try {
      check();
    } catch (IOException e) {
      console.warn("No answer yet: " + e.getMessage()); // the keeper goes on
    }
    keeper.setDaemon(true);
    keeper.start();
  }

  @Override
  public void connectionEvent(Connection connection, Events type, Long time, String url) {
    // RECONNECTED comes before: there jnats has not yet told the server of our subscriptions.
    if (type == Events.RESUBSCRIBED) {
      connected.release();
    }
  }

  @Override
  @Deprecated
  public void connectionEvent(Connection connection, Events type) {
    // the older form of the method above
  }

  /** Not in the connection's own thread: that one has to read the answers. */
  private void keep() {
    while (!stop.asked()) {
      try {
        behind |=
            connected.tryAcquire(
                waiting ? WAITING_CHECK_MILLIS : CHECK_MILLIS, TimeUnit.MILLISECONDS);
        connected.drainPermits();
        check();
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        // The server is away, or a cluster has no leader: with him the watch may have died.
        behind = true;
        reconnectIfStuck();
      } catch (Failure e) {
        stop.fail(e);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Looks whether there is the bucket, and whether it has to be watched anew. */
  private void check() throws Failure, IOException, JetStreamApiException, InterruptedException {
    StreamInfo stream;
    try {
      stream = management.getStatus(bucket).getBackingStreamInfo();
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() != KvPublisher.BUCKET_NOT_FOUND) {
        throw e;
      }
      missing();
      return;
    }
    waiting = false;
    if (created != null && !stream.getCreateTime().equals(created)) {
      renewed();
    }
    created = stream.getCreateTime();
    if (behind || isConsumerGone()) {
      watch(stream.getStreamState().getLastSequence());
      behind = false;
    }
  }

  /**
   * In a cluster the node that feeds the watch can die without being the one we are connected to.
   * Every third check looks for its consumer, by the beginning of its name.
   */
  private boolean isConsumerGone() throws IOException, JetStreamApiException {
    if (++checks % CHECKS_PER_CONSUMER != 0) {
      return false;
    }
    String prefix = current.getConsumerNamePrefix();
    String stream = "KV_" + bucket;
    for (String name : streams.getConsumerNames(stream)) {
      if (name.startsWith(prefix)) {
        try {
          streams.getConsumerInfo(stream, name);
          return false;
        } catch (IOException | JetStreamApiException e) {
          return true; // the cluster remembers it, and the node that had it is gone
        }
      }
    }
    return true;
  }

  private void watch(long newest) throws IOException, JetStreamApiException, InterruptedException {
    Part part = new Part(newest);
    long first;
    synchronized (this) {
      current = part; // from now on, what the one before still brings is ignored
      first = from;
    }
    unsubscribe();
    var kv = connection.keyValue(bucket, KvPublisher.ANSWER_SOON);
    subscription = first > 0 ? kv.watch(keys, part, first) : kv.watch(keys, part, options);
  }

  /** What one subscription brings. */
  private final class Part implements KeyValueWatcher {
    private final long newest; // revision of the bucket when it began
    private final String name = "watch-" + NUID.nextGlobal();

    Part(long newest) {
      this.newest = newest;
    }

    @Override
    public String getConsumerNamePrefix() {
      return name;
    }

    @Override
    public void watch(KeyValueEntry entry) {
      synchronized (GaplessWatch.this) {
        if (current == this) {
          from = entry.getRevision() + 1;
          watcher.watch(entry);
        }
      }
    }

    @Override
    public void endOfData() {
      synchronized (GaplessWatch.this) {
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

  private void missing() throws Failure {
    if (!follow) {
      throw new Failure(
          ExitCode.FAILED,
          created == null
              ? "There is no bucket \""
                  + bucket
                  + "\": start publisher.jar, which creates it, or wait for it with --follow"
              : "Bucket \""
                  + bucket
                  + "\" is gone: deleted, or kept in memory by a server that was restarted;"
                  + " --follow waits for a new one");
    }
    if (!waiting) {
      waiting = true;
      console.info("Waiting for bucket \"" + bucket + "\" to be created");
      beginWithTheFirst(); // whatever is in the new bucket came after this moment
    }
  }

  private void renewed() throws Failure {
    if (!follow) {
      throw new Failure(
          ExitCode.FAILED,
          "Bucket \""
              + bucket
              + "\" was deleted and created again; --follow goes on with the new one");
    }
    console.info("Bucket \"" + bucket + "\" is a new one: watching it from its first revision");
    beginWithTheFirst();
  }

  private synchronized void beginWithTheFirst() {
    current = null;
    from = 1;
    behind = true;
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
  public void close() throws InterruptedException {
    keeper.interrupt();
    keeper.join();
    synchronized (this) {
      current = null;
    }
    unsubscribe();
  }
}
