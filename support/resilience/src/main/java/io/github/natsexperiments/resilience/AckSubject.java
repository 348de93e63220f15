package io.github.natsexperiments.resilience;

import io.nats.client.Message;

/**
 * Numbers of a delivered message, from the subject that its ack goes to. {@code metaData()} has
 * them, too, with names and the time, and that is two fifths of the work of a reader that only
 * counts and acknowledges. Thread-safe: it has no state.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation:
 *     consumers</a>
 */
public final class AckSubject {
  // $JS.ACK.STREAM.CONSUMER.DELIVERED.STREAM_SEQUENCE.CONSUMER_SEQUENCE.TIME.PENDING;
  // between ACK and STREAM there may be domain and account, and at the end one more token.
  private static final int STREAM_SEQUENCE = 5;
  private static final int OF_SHORT_FORM = 9;

  private AckSubject() {}

  /**
   * The message's number in its stream, from 1.
   *
   * @param message one that a consumer has delivered
   */
  public static long streamSequence(Message message) {
    return number(message.getReplyTo(), STREAM_SEQUENCE);
  }

  /**
   * The number of this delivery among all of its consumer, from 1.
   *
   * @param message one that a consumer has delivered
   */
  public static long consumerSequence(Message message) {
    return number(message.getReplyTo(), STREAM_SEQUENCE + 1);
  }

  /** When the stream has stored the message, in nanoseconds of the server's clock. */
  static long stored(Message message) {
    return number(message.getReplyTo(), STREAM_SEQUENCE + 2);
  }

  /** Where the ack of another message of the same consumer goes to. */
  static String withStreamSequence(String subject, long sequence) {
    int at = indexOf(subject, STREAM_SEQUENCE);
    return subject.substring(0, at) + sequence + subject.substring(subject.indexOf('.', at));
  }

  private static long number(String subject, int wanted) {
    int at = indexOf(subject, wanted);
    return Long.parseLong(subject, at, subject.indexOf('.', at), 10);
  }

  private static int indexOf(String subject, int wanted) {
    int tokens = 1;
    for (int i = 0; i < subject.length(); i++) {
      tokens += subject.charAt(i) == '.' ? 1 : 0;
    }
    int skip = tokens > OF_SHORT_FORM ? wanted + 2 : wanted;
    int at = 0;
    while (skip > 0) {
      skip -= subject.charAt(at++) == '.' ? 1 : 0;
    }
    return at;
  }
}
