package io.github.natsexperiments.resilience;

import io.nats.client.Message;

/**
 * Numbers of a delivered message, from the subject that its ack goes to. {@code metaData()} has
 * them, too, with names and dates, and that is two fifths of the work of a reader that only counts
 * and acknowledges.
 *
 * @param streamSequence the message's number in its stream, from 1
 * @param consumerSequence the number of this delivery among all of its consumer, from 1
 * @param stored when the stream has stored it, in nanoseconds of the server's clock
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/consumers">NATS documentation:
 *     consumers</a>
 */
public record AckSubject(long streamSequence, long consumerSequence, long stored) {
  // $JS.ACK.STREAM.CONSUMER.DELIVERED.STREAM_SEQUENCE.CONSUMER_SEQUENCE.TIME.PENDING;
  // between ACK and STREAM there may be domain and account, and at the end one more token.
  private static final int BEFORE_SEQUENCES = 5;
  private static final int OF_SHORT_FORM = 9;

  /**
   * Reads the numbers.
   *
   * @param message one that a consumer has delivered
   */
  public static AckSubject of(Message message) {
    String subject = message.getReplyTo();
    int first = sequences(subject);
    int second = subject.indexOf('.', first) + 1;
    int third = subject.indexOf('.', second) + 1;
    return new AckSubject(
        Long.parseLong(subject, first, second - 1, 10),
        Long.parseLong(subject, second, third - 1, 10),
        Long.parseLong(subject, third, subject.indexOf('.', third), 10));
  }

  /** Where the ack of another message of the same consumer goes to. */
  static String withStreamSequence(String subject, long sequence) {
    int at = sequences(subject);
    return subject.substring(0, at) + sequence + subject.substring(subject.indexOf('.', at));
  }

  private static int sequences(String subject) {
    int tokens = 1;
    for (int i = 0; i < subject.length(); i++) {
      tokens += subject.charAt(i) == '.' ? 1 : 0;
    }
    int skip = tokens > OF_SHORT_FORM ? BEFORE_SEQUENCES + 2 : BEFORE_SEQUENCES;
    int at = 0;
    while (skip > 0) {
      skip -= subject.charAt(at++) == '.' ? 1 : 0;
    }
    return at;
  }
}
