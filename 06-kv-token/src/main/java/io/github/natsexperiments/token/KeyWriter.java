package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.Message;
import io.nats.client.MessageTtl;
import io.nats.client.PublishOptions;
import io.nats.client.api.KeyValueOperation;
import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;
import io.nats.client.support.NatsKeyValueUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * Writes to one key of a bucket, each value once, whatever happens to the server meanwhile.
 *
 * <p>When a server is killed its answer may be lost, and nobody knows whether the value is stored.
 * {@code KeyValue.put} and {@code update} cannot be repeated then: the first would store the value
 * twice, the second would be told "wrong revision", by the very value that it has stored. But a
 * bucket is a stream, a put is a message to {@code $KV.BUCKET.KEY}, and a message can carry an id:
 * the server stores one of the same id once, and answers the second time as it did the first time.
 * It remembers an id for two minutes; after a crash it knows those of the values it has kept.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive">NATS
 *     documentation: message deduplication</a>
 */
final class KeyWriter {
  /** For {@link #write}: whatever is in the key. */
  static final long ANY_REVISION = -1;

  private static final int BUCKET_NOT_FOUND = 10059;
  private static final int NOTHING_STORED = 10037;
  private static final int NO_LEADER = 10008; // of a cluster, just now
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final Duration ROUND_TRIP = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofMillis(200);

  private final Connection connection;
  private final JetStream jetStream;
  private final JetStreamManagement management;
  private final String stream;
  private final String subject;
  private final MessageTtl ttl;
  private final Stop stop;

  /**
   * What a key holds.
   *
   * @param revision 0 when nothing was ever written to it; a delete or an expiry has one
   * @param value null when it has none
   * @param id of the message that wrote it; may be null
   */
  record Newest(long revision, byte[] value, String id) {}

  /**
   * @param ttl how long each value lives; null for ever
   * @param stop ends all waiting
   */
  KeyWriter(Connection connection, String bucket, String key, MessageTtl ttl, Stop stop)
      throws IOException {
    JetStreamOptions options = JetStreamOptions.builder().requestTimeout(ANSWER).build();
    this.connection = connection;
    this.jetStream = connection.jetStream(options);
    this.management = connection.jetStreamManagement(options);
    this.stream = "KV_" + bucket;
    this.subject = "$KV." + bucket + "." + key;
    this.ttl = ttl;
    this.stop = stop;
  }

  /**
   * Writes a value.
   *
   * @param revision what the key must hold for the value to be stored: 0 for nothing, or {@link
   *     #ANY_REVISION}
   * @param id the same for everything that shall be stored once
   * @return the value's revision; 0 when the run ends before there is an answer
   * @throws JetStreamApiException when the server refuses it, code 10071 for another revision
   */
  long write(byte[] value, long revision, String id)
      throws Failure, JetStreamApiException, InterruptedException {
    PublishOptions.Builder options = PublishOptions.builder().messageId(id).streamTimeout(ANSWER);
    if (revision != ANY_REVISION) {
      options.expectedLastSubjectSequence(revision);
    }
    if (ttl != null) {
      options.messageTtl(ttl);
    }
    return untilAnswered(() -> jetStream.publish(subject, value, options.build()).getSeqno(), 0L);
  }

  /**
   * Reads what the key holds. {@code KeyValue.get} shows neither the revision of a delete nor the
   * id, and in a cluster a server may answer it that has not yet heard of the last write; this asks
   * the one that leads.
   *
   * @return null when the run ends before there is an answer
   */
  Newest newest() throws Failure, JetStreamApiException, InterruptedException {
    byte[] which = ("{\"last_by_subj\":\"" + subject + "\"}").getBytes(StandardCharsets.UTF_8);
    try {
      return untilAnswered(
          () -> {
            Message answer = connection.request("$JS.API.STREAM.MSG.GET." + stream, which, ANSWER);
            if (answer == null) {
              throw new IOException("no answer from the bucket's leader");
            }
            return newest(new MessageInfo(answer, stream, false).throwOnHasError());
          },
          null);
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == NOTHING_STORED) {
        return new Newest(0, null, null);
      }
      throw e;
    }
  }

  private static Newest newest(MessageInfo message) {
    Headers headers = message.getHeaders();
    boolean put = NatsKeyValueUtil.getOperation(headers) == KeyValueOperation.PUT;
    return new Newest(
        message.getSeq(),
        put ? message.getData() : null,
        headers == null ? null : headers.getFirst("Nats-Msg-Id"));
  }

  private interface Request<T> {
    T send() throws IOException, JetStreamApiException, InterruptedException;
  }

  /** Asks again until there is an answer; {@code otherwise} when the run ends before. */
  private <T> T untilAnswered(Request<T> request, T otherwise)
      throws Failure, JetStreamApiException, InterruptedException {
    while (!stop.asked()) {
      try {
        return request.send();
      } catch (IOException | IllegalStateException e) {
        awaitServer();
      } catch (JetStreamApiException e) {
        if (e.getApiErrorCode() != NO_LEADER) {
          throw e;
        }
        awaitServer(); // that is: the cluster
      }
    }
    return otherwise;
  }

  private void awaitServer() throws JetStreamApiException, InterruptedException {
    while (!stop.sleep(PAUSE)) {
      try {
        connection.flush(ROUND_TRIP);
        management.getStreamInfo(stream); // fails when the bucket did not survive
        return;
      } catch (JetStreamApiException e) {
        if (e.getApiErrorCode() == BUCKET_NOT_FOUND) {
          throw e;
        }
      } catch (IOException | IllegalStateException e) {
        // not yet
      } catch (TimeoutException e) {
        // A connection that is lost again in the middle of reconnecting can stay silent.
        if (connection.getStatus() == Connection.Status.CONNECTED) {
          reconnect();
        }
      }
    }
  }

  private void reconnect() throws InterruptedException {
    try {
      connection.forceReconnect();
    } catch (IOException e) {
      // then the next round trip fails, too
    }
  }
}
