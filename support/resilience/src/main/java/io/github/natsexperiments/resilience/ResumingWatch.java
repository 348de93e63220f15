package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.BucketGoneException.Reason;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.api.KeyValueOperation;
import io.nats.client.api.KeyValueWatchOption;
import io.nats.client.api.KeyValueWatcher;
import io.nats.client.api.Mirror;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * {@code KeyValue.watch} that goes on without a gap. After a restart the server has forgotten the
 * watch; jnats finds out by missing heartbeats, 27 s later. This one begins again as soon as the
 * connection is back, with the revision after the last one that it has handed on; when only its
 * consumer is lost, after 1.5 s without a heartbeat. It also recognises a new bucket of the same
 * name, and one that was set back to an older state.
 *
 * <pre>{@code
 * try (ResumingWatch watch = new ResumingWatch(connection, "bucket", false, why -> …)) {
 *   watch.watch("key", watcher); // in place of connection.keyValue("bucket").watch("key", watcher)
 * }
 * }</pre>
 *
 * <p>It needs the permissions of {@code KeyValue.watch} and no others. At most 100,000 messages
 * wait for a slow watcher, of 64 MB or an eighth of the heap; what does not fit is asked for again.
 * Thread-safe. Watcher and listener are called one after the other, in threads of the watch.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/develop_jetstream/kv">NATS documentation:
 *     Key/Value store for developers</a>
 */
public final class ResumingWatch implements ConnectionListener, AutoCloseable {
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final long TICK_MILLIS = 100; // the first value of a new bucket may not stay long

  private final Connection connection;
  private final JetStreamManagement management;
  private final String bucket;
  private final String stream;
  private final boolean follow;
  private final WatchListener listener;
  private final Worker keeper = new Worker("watch", this::keep);
  final Semaphore wake = new Semaphore(0); // the keeper
  private final CountDownLatch looked = new CountDownLatch(1);
  private volatile boolean again; // the consumer cannot be trusted any more
  private volatile boolean ended;
  private String keys; // these three are set before the keeper starts
  private KeyValueWatcher watcher;
  private List<KeyValueWatchOption> options;

  private WatchConsumer consumer; // this and what follows is the keeper's own
  private ZonedDateTime created; // distinguishes a bucket from a new one of the same name
  private boolean begun;
  private boolean waiting; // for a bucket
  private boolean mayDelete = true;
  private final Silence silence = new Silence(ANSWER);

  // Shared with the threads of the consumers, under this lock, held also during a callback.
  private final ReentrantLock turn = new ReentrantLock();
  private WatchConsumer current; // whose entries count
  private volatile long newest; // revision of the bucket that we know of
  private long next; // revision to hand on; 0 for what the options say
  private boolean everything; // from there on, not only the newest value of each key
  private boolean endOfData;

  /**
   * Prepares a watch; {@link #watch} starts it.
   *
   * @param follow whether to wait for the bucket when there is none, and to go on with a new one
   */
  public ResumingWatch(Connection connection, String bucket, boolean follow, WatchListener listener)
      throws IOException {
    this.connection = connection;
    this.management =
        connection.jetStreamManagement(JetStreamOptions.builder().requestTimeout(ANSWER).build());
    this.bucket = bucket;
    this.stream = "KV_" + bucket;
    this.follow = follow;
    this.listener = listener;
  }

  /**
   * Starts to watch. What goes wrong reaches the listener, now and later.
   *
   * @param keys a key, or a pattern
   * @param watcher called for each entry, a {@link WatchedEntry}, and once for the end of the
   *     initial values; an exception from it ends the watch
   */
  public void watch(String keys, KeyValueWatcher watcher, KeyValueWatchOption... options)
      throws InterruptedException {
    watch(keys, watcher, 0, options);
  }

  /** The same, with all that is kept from a revision on; 0 stands for what the options say. */
  public void watch(
      String keys, KeyValueWatcher watcher, long fromRevision, KeyValueWatchOption... options)
      throws InterruptedException {
    this.keys = keys;
    this.watcher = watcher;
    this.options = List.of(options);
    next = fromRevision;
    everything = fromRevision > 0 || this.options.contains(KeyValueWatchOption.INCLUDE_HISTORY);
    connection.addConnectionListener(this);
    keeper.start();
    looked.await();
  }

  @Override
  public void connectionEvent(Connection connection, Events type, Long time, String url) {
    // RECONNECTED comes before: by then jnats has not yet sent our subscriptions to the server.
    again |= type == Events.RESUBSCRIBED;
    wake.release();
  }

  @Override
  @Deprecated
  public void connectionEvent(Connection connection, Events type) {
    // the older form of the method above
  }

  /** Not in the connection's own thread: that one has to read the answers. */
  private void keep() {
    try {
      silence.interrupted();
      while (!ended) {
        ConnectionClosedException.throwIfClosed(connection);
        if (waiting || again || consumer == null || consumer.isDead()) {
          look();
        } else {
          silence.interrupted(); // it is not a silence when nothing was asked
        }
        looked.countDown();
        wake.tryAcquire(TICK_MILLIS, TimeUnit.MILLISECONDS);
        wake.drainPermits();
      }
    } catch (InterruptedException e) {
      // closed
    } catch (Throwable e) { // an Error, too: it would go unnoticed
      end(e);
    }
    looked.countDown();
    keeper.ending();
    stop();
  }

  private void look() throws IOException, JetStreamApiException, InterruptedException {
    try {
      resume();
      begun = true;
      if (silence.ends() != null) {
        call(listener::resumed);
      }
    } catch (NotPermittedException | BucketGoneException e) {
      throw e;
    } catch (IOException | JetStreamApiException | IllegalStateException e) {
      again = true;
      boolean connected = connection.getStatus() == Connection.Status.CONNECTED;
      if (!begun && e instanceof JetStreamApiException no && !JetStreamErrors.isTransient(no)) {
        throw no;
      }
      if (!begun
          && e instanceof IOException
          && connected
          && silence.length().compareTo(ANSWER.dividedBy(2)) < 0) {
        // jnats reports a timeout, but has not waited that long: nothing listens there.
        throw new IOException("JetStream is off: on this server, or for this account", e);
      }
      // That the connection is lost, its own listener hears.
      if (connected && silence.isDue()) {
        call(() -> listener.retrying(e));
      }
      HalfOpenGuard.check(connection);
    }
  }

  /** Looks whether there is the bucket, and watches it with a new consumer if need be. */
  private void resume() throws IOException, JetStreamApiException, InterruptedException {
    again = false;
    long seen = newest; // while we ask, more may come
    StreamInfo info;
    try {
      info = info();
    } catch (JetStreamApiException e) {
      if (!JetStreamErrors.isStreamNotFound(e)) {
        throw e;
      }
      if (!follow) {
        throw new BucketGoneException(bucket, created == null ? Reason.NOT_FOUND : Reason.DELETED);
      }
      if (!waiting) {
        waiting = true; // and whatever is in the new one came after this moment
        startOver(listener::waiting);
      }
      return;
    }
    waiting = false;
    if (created != null
        && (!created.equals(info.getCreateTime()) || Streams.isBefore(info, seen))) {
      if (!follow) {
        throw new BucketGoneException(bucket, Reason.RECREATED);
      }
      startOver(listener::renewed);
    }
    created = info.getCreateTime();
    stop();
    begin(info);
  }

  private StreamInfo info() throws IOException, JetStreamApiException, InterruptedException {
    return JetStreamErrors.ask(connection, () -> management.getStreamInfo(stream));
  }

  private void startOver(Runnable report) {
    call(
        () -> {
          current = null;
          next = 1;
          everything = true;
          report.run();
        });
  }

  private void begin(StreamInfo info)
      throws IOException, JetStreamApiException, InterruptedException {
    turn.lock(); // what the new consumer brings at once waits until all is known
    try {
      newest = info.getStreamState().getLastSequence();
      if (next == 0 && options.contains(KeyValueWatchOption.UPDATES_ONLY)) {
        everything = true;
        caughtUp();
      }
      // The newest of each key again if just those were interrupted: there are others after next.
      long first = everything || endOfData ? Math.max(1, next) : 0;
      // In a mirror, subjects name the bucket they come from: any, but 2.9 must be given its name.
      Mirror mirror = info.getConfiguration().getMirror();
      boolean any = connection.getServerInfo().isSameOrNewerThanVersion("2.10.0");
      String from = mirror == null ? bucket : any ? "*" : mirror.getName().replaceFirst("KV_", "");
      String filter = "$KV." + from + "." + keys;
      consumer = new WatchConsumer(connection, this, watcher.getConsumerNamePrefix());
      long pending = consumer.create(management, info, filter, first, options);
      if (!info().getCreateTime().equals(created)) {
        throw new IOException("the bucket was created again just now");
      }
      current = consumer;
      if (pending == 0) {
        caughtUp();
      }
    } finally {
      turn.unlock();
    }
  }

  /** Nothing that the consumer brings counts any more. */
  private void stop() {
    call(() -> current = null);
    mayDelete = consumer == null ? mayDelete : consumer.stop(stream, mayDelete);
    consumer = null;
  }

  /** A consumer has delivered an entry; null means that it has nothing more just now. */
  void received(WatchConsumer from, WatchedEntry entry) {
    call(
        () -> {
          if (from == current && entry != null && entry.getRevision() >= next) {
            next = entry.getRevision() + 1;
            newest = Math.max(newest, entry.getRevision());
            if (entry.getOperation() == KeyValueOperation.PUT
                || !options.contains(KeyValueWatchOption.IGNORE_DELETE)) {
              watcher.watch(entry);
            }
          }
          if (from == current && (entry == null || entry.getDelta() == 0)) {
            caughtUp();
          }
        });
  }

  private void caughtUp() {
    next = Math.max(next, newest + 1); // nothing older is to come
    if (!endOfData) {
      endOfData = true;
      call(watcher::endOfData);
    }
  }

  /** Makes a callback, unless the watch has ended. */
  private void call(Runnable call) {
    turn.lock();
    try {
      if (!ended) {
        call.run();
      }
    } catch (Throwable e) { // an Error, too: an entry that was not handled is not passed over
      end(e);
    } finally {
      turn.unlock();
    }
  }

  void end(Throwable why) {
    call(
        () -> {
          ended = true;
          listener.failed(why);
        });
  }

  /** Ends the watch; no callback is made after this returns, unless it is interrupted. */
  @Override
  public void close() {
    ended = true;
    connection.removeConnectionListener(this);
    keeper.end(!turn.isHeldByCurrentThread());
  }
}
