package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.MessageTtl;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueOperation;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.support.NatsKeyValueUtil;
import java.io.IOException;

/**
 * {@code KeyValue} whose writes are stored once, whatever happens to the server or the network. A
 * write without an answer is neither stored nor lost: nobody knows. So each write carries a message
 * id. After a lost answer, the key's history is searched for that id, at the leader; if it is not
 * there, the write is retried with the same id, which the server stores once.
 *
 * <pre>{@code
 * // in place of connection.keyValue("sample_kv")
 * IdempotentKeyValue kv = new IdempotentKeyValue(connection, "sample_kv");
 * long revision = kv.put("key", value);
 * }</pre>
 *
 * <p>The server remembers an id for the bucket's duplicate window (2 minutes, or the bucket's TTL
 * if that is shorter), even if another writer overwrites the value meanwhile: then {@code put}
 * returns the revision that its value had, and the newer value stays. After a crash, the server
 * knows the ids of the values that the bucket still keeps. That leaves one case in which a write
 * may be applied twice: its answer is lost, others write to the key until the value is out of the
 * bucket's history, <em>and then</em> the server crashes or the outage lasts longer than the
 * duplicate window. A history longer than the number of writers makes this unlikely; 1 does not.
 *
 * <p>In a bucket whose largest value has no room for an id (64 bytes), a lost write is looked up by
 * its value instead.
 *
 * <p>Every method waits until there is an answer, for as long as it takes. {@link #close} or an
 * interrupt ends the wait, and so does a connection that is closed for good, or a bucket that does
 * not take the key any more ({@link IllegalArgumentException}). Thread-safe; it has no thread of
 * its own, holds nothing between two calls, and does not close the connection.
 *
 * @see <a href="https://docs.nats.io/learn/key-value/your-first-bucket">NATS documentation:
 *     Key/Value store</a>
 */
public final class IdempotentKeyValue implements AutoCloseable {
  private static final long ANY_REVISION = -1;

  private final Retry retry;
  private final BucketStream messages;

  /** The same without a listener. */
  public IdempotentKeyValue(Connection connection, String bucket)
      throws IOException, JetStreamApiException, InterruptedException {
    this(connection, bucket, new RetryListener() {});
  }

  /**
   * Looks at a bucket, as {@code connection.keyValue(bucket)} does.
   *
   * @throws JetStreamApiException {@link JetStreamErrors#isStreamNotFound} when there is none
   * @throws NotPermittedException when the permission to look is missing
   * @throws IllegalArgumentException see {@link #whyNotWritable}
   */
  public IdempotentKeyValue(Connection connection, String bucket, RetryListener listener)
      throws IOException, JetStreamApiException, InterruptedException {
    retry = new Retry(connection, NatsKeyValueUtil.toStreamName(bucket), listener);
    messages = new BucketStream(connection, bucket, retry);
  }

  /**
   * Why a bucket answers no writes, although it exists.
   *
   * @return the end of a sentence that begins with the bucket; null when it does answer
   */
  public static String whyNotWritable(StreamConfiguration configuration) {
    if (configuration.getMirror() != null) {
      String origin = NatsKeyValueUtil.trimPrefix(configuration.getMirror().getName());
      return "is a mirror of bucket \"" + origin + "\": write to that one";
    }
    if (configuration.getNoAck()) {
      return "answers no writes: its stream has no_ack set";
    }
    if (configuration.getAllowMessageCounter()) {
      return "keeps counters, no values: write to another one";
    }
    return configuration.getSealed() ? "is sealed: it takes no writes any more" : null;
  }

  /** {@code KeyValue.put}: returns the revision, also when another write has replaced it since. */
  public long put(String key, byte[] value)
      throws IOException, JetStreamApiException, InterruptedException {
    return put(key, value, null);
  }

  /**
   * {@code KeyValue.put} of a value that expires.
   *
   * @param ttl how long it lives, in a bucket with a limit marker; null for ever
   */
  public long put(String key, byte[] value, MessageTtl ttl)
      throws IOException, JetStreamApiException, InterruptedException {
    return messages.write(key, null, value, ANY_REVISION, ttl);
  }

  /**
   * {@code KeyValue.create}: stores the value if the key has none.
   *
   * @param ttl how long it lives; null for ever
   * @throws JetStreamApiException {@link JetStreamErrors#isWrongRevision} when the key has a value
   */
  public long create(String key, byte[] value, MessageTtl ttl)
      throws IOException, JetStreamApiException, InterruptedException {
    try {
      return update(key, value, 0, ttl);
    } catch (JetStreamApiException e) {
      MessageInfo newest = JetStreamErrors.isWrongRevision(e) ? newest(key) : null;
      if (newest == null || isValue(newest)) {
        throw e;
      }
      return update(key, value, newest.getSeq(), ttl); // the key was deleted, which has a revision
    }
  }

  /**
   * {@code KeyValue.update}: stores the value if the key still holds the revision that was read.
   * Never refused because of its own write, whose answer was lost.
   *
   * @param ttl how long it lives; null for ever
   * @throws JetStreamApiException {@link JetStreamErrors#isWrongRevision} when another write came
   *     first; nothing is stored then
   */
  public long update(String key, byte[] value, long expectedRevision, MessageTtl ttl)
      throws IOException, JetStreamApiException, InterruptedException {
    return messages.write(key, null, value, expectedRevision, ttl);
  }

  /** {@code KeyValue.delete}: returns the revision of the delete marker. */
  public long delete(String key) throws IOException, JetStreamApiException, InterruptedException {
    return messages.write(key, NatsKeyValueUtil.getDeleteHeaders(), null, ANY_REVISION, null);
  }

  /** {@code KeyValue.purge}: deletes the key's history, too; returns the marker's revision. */
  public long purge(String key) throws IOException, JetStreamApiException, InterruptedException {
    return messages.write(key, NatsKeyValueUtil.getPurgeHeaders(), null, ANY_REVISION, null);
  }

  /**
   * {@code KeyValue.get} from the leader: another server of a cluster may not know the last write.
   *
   * @return null when the key has no value, or it was deleted
   */
  public KeyValueEntry get(String key)
      throws IOException, JetStreamApiException, InterruptedException {
    MessageInfo newest = newest(key);
    return newest == null || !isValue(newest) ? null : new KeyValueEntry(newest);
  }

  /**
   * Reads the newest message of a key from the leader, with its headers; it may be a delete marker.
   *
   * @return null when there is none
   */
  public MessageInfo newest(String key)
      throws IOException, JetStreamApiException, InterruptedException {
    return messages.newest(key);
  }

  private static boolean isValue(MessageInfo message) {
    return NatsKeyValueUtil.getOperation(message.getHeaders()) == KeyValueOperation.PUT;
  }

  /**
   * Ends every wait with a {@link java.util.concurrent.CancellationException}: at once where the
   * server is away, within 1 s where an answer may be on its way. What had none by then is stored
   * or not. A later call ends so, too, and sends nothing.
   */
  @Override
  public void close() {
    retry.close();
  }
}
