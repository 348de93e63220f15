package io.github.natsexperiments.jetstream;

import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.PublishAck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads acks. Those of a run differ in nothing but a number, as in {@code
 * {"stream":"sample_stream", "seq":17}}: whatever begins like the ack before it and goes on with
 * digits only is read without jnats' JSON parser, which would be a fifth of the publisher's work.
 * Everything else, a duplicate or an error, goes through it.
 *
 * <p>For one thread.
 */
final class AckReader {
  private byte[] beginning = {};
  private String stream;
  private long sequence;
  private boolean duplicate;

  /**
   * Reads an ack; afterwards the other methods tell what is in it.
   *
   * @throws JetStreamApiException when it is a refusal
   * @throws IOException when it is no ack at all
   */
  void read(Message reply) throws IOException, JetStreamApiException {
    byte[] json = reply.getData();
    if (beginsLikeTheLast(json)) {
      long number = number(json, beginning.length);
      if (number >= 0) {
        sequence = number;
        duplicate = false;
        return;
      }
    }
    PublishAck ack = new PublishAck(reply);
    stream = ack.getStream();
    sequence = ack.getSeqno();
    duplicate = ack.isDuplicate();
    String text = new String(json, StandardCharsets.UTF_8);
    String end = sequence + "}";
    beginning = text.endsWith(end) ? Arrays.copyOf(json, json.length - end.length()) : new byte[0];
  }

  private boolean beginsLikeTheLast(byte[] json) {
    int length = beginning.length;
    return length > 0
        && json.length > length
        && Arrays.equals(json, 0, length, beginning, 0, length);
  }

  /** The number from there to the closing brace at the end, or -1. */
  private static long number(byte[] json, int from) {
    int end = json.length - 1;
    if (json[end] != '}' || end == from || end - from > 18) {
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

  /** The stream that has the message. */
  String stream() {
    return stream;
  }

  /** The message's number in the stream. */
  long sequence() {
    return sequence;
  }

  /** Whether the stream had the message already. */
  boolean duplicate() {
    return duplicate;
  }
}
