package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.keyvalue.KvPublisher.Put;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.KeyValue;
import io.nats.client.api.MessageInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** {@code KeyValue.put} for a server that may go away in the middle of it. For one thread. */
final class SurePut {
  /** Stands for a revision, which begin with 1. */
  static final long UNKNOWN = 0;

  private static final Duration ROUND_TRIP = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofMillis(200);

  private final Connection connection;
  private final KeyValue kv;
  private final Stop stop;
  private long newest;

  /**
   * @param newest the bucket's newest revision: what has a later one was stored after this
   * @param stop ends all waiting
   */
  SurePut(Connection connection, KeyValue kv, long newest, Stop stop) {
    this.connection = connection;
    this.kv = kv;
    this.newest = newest;
    this.stop = stop;
  }

  /**
   * Puts a value once, whatever happens to the server meanwhile.
   *
   * @return the revision of the value; {@link #UNKNOWN} when the run ends before there is an answer
   */
  long put(Put put) throws Failure, InterruptedException {
    while (!stop.asked()) {
      try {
        newest = kv.put(put.key(), put.value());
        return newest;
      } catch (IOException e) {
        // No answer: the server was lost before it stored the value, or after. Look, before putting
        // it a second time.
        MessageInfo now = whenBack(put.key());
        if (now != null && now.getSeq() > newest && put.isIn(now)) {
          newest = now.getSeq();
          return newest;
        }
      } catch (JetStreamApiException e) {
        throw KvPublisher.refused(kv.getBucketName(), e);
      }
    }
    return UNKNOWN;
  }

  /** Waits until the server answers again; null when the key is empty, or the run ends. */
  private MessageInfo whenBack(String key) throws Failure, InterruptedException {
    while (!stop.sleep(PAUSE)) {
      try {
        // jnats keeps what is sent while the server is away: the put may still be on its way.
        connection.flush(ROUND_TRIP);
        return LeaderRead.newest(connection, kv.getBucketName(), key);
      } catch (JetStreamApiException e) {
        if (e.getApiErrorCode() == KvPublisher.BUCKET_NOT_FOUND) {
          throw KvPublisher.refused(kv.getBucketName(), e);
        }
      } catch (IOException e) {
        // not yet
      } catch (TimeoutException e) {
        // A connection that is lost again in the middle of reconnecting can stay silent.
        if (connection.getStatus() == Connection.Status.CONNECTED) {
          reconnect();
        }
      }
    }
    return null;
  }

  private void reconnect() throws InterruptedException {
    try {
      connection.forceReconnect();
    } catch (IOException e) {
      // then the next round trip fails, too
    }
  }
}
