package io.github.natsexperiments.resilience;

import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.PublishAck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads acks. Those of a run differ in nothing but a number, as in {@code
 * {"stream":"sample_stream", "seq":17}}: what begins like the ack before it and goes on with digits
 * only is read without jnats' JSON parser, which would be a fifth of the publisher's work.
 * Everything else, a duplicate or an error, goes through it. Not thread-safe.
 */
final class AckReader {
  private byte[] beginning = {};
  // What the last ack says.
  String stream;
  long sequence;
  boolean duplicate;

  /**
   * Reads an ack.
   *
   * @throws JetStreamApiException when it is a refusal
   * @throws IOException when it is no ack at all
   */
  void read(Message reply) throws IOException, JetStreamApiException {
    byte[] json = reply.getData();
    sequence = sequenceLikeTheLast(json);
    duplicate = false;
    if (sequence < 0) {
      PublishAck ack = new PublishAck(reply);
      stream = ack.getStream();
      sequence = ack.getSeqno();
      duplicate = ack.isDuplicate();
      String end = sequence + "}";
      boolean usual = new String(json, StandardCharsets.UTF_8).endsWith(end);
      beginning = usual ? Arrays.copyOf(json, json.length - end.length()) : new byte[0];
    }
  }

  /** The number between the known beginning and the closing brace at the end, or -1. */
  private long sequenceLikeTheLast(byte[] json) {
    int from = beginning.length;
    int end = json.length - 1;
    boolean alike = from > 0 && end > from && end - from <= 18 && json[end] == '}';
    if (!alike || !Arrays.equals(json, 0, from, beginning, 0, from)) {
      return -1;
    }
    long number = 0;
    for (int i = from; i < end; i++) {
      if (json[i] < '0' || json[i] > '9') {
        return -1;
      }
      number = number * 10 + json[i] - '0';
    }
    return number;
  }
}
