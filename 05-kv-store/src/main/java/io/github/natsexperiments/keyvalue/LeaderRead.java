package io.github.natsexperiments.keyvalue;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.MessageInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * What a key holds, for sure. {@code KeyValue.get} is answered by any server of a cluster that has
 * the bucket, also by one that has not yet heard of the last put; this asks the one that leads.
 */
final class LeaderRead {
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final int NOTHING_STORED = 10037;

  private LeaderRead() {}

  /**
   * Gets the newest message of a key.
   *
   * @return null when there is none
   * @throws IOException when there is no answer
   * @throws JetStreamApiException when the answer is an error, such as that there is no such bucket
   */
  static MessageInfo newest(Connection connection, String bucket, String key)
      throws IOException, JetStreamApiException, InterruptedException {
    String stream = "KV_" + bucket;
    String which = "{\"last_by_subj\":\"$KV." + bucket + "." + key + "\"}";
    Message answer =
        connection.request(
            "$JS.API.STREAM.MSG.GET." + stream, which.getBytes(StandardCharsets.UTF_8), ANSWER);
    if (answer == null) {
      throw new IOException("no answer from the bucket's leader");
    }
    try {
      return new MessageInfo(answer, stream, false).throwOnHasError();
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == NOTHING_STORED) {
        return null;
      }
      throw e;
    }
  }
}
