package io.github.natsexperiments.callbacks;

import io.nats.client.JetStreamApiException;
import io.nats.client.StreamContext;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamState;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What a stream holds of one publisher's run. The stream itself is the only reliable memory of what
 * was stored: an acknowledgement can get lost, a publisher can be killed. Every message carries
 * {@code RUN-NUMBER} as its id, so it can be looked up.
 *
 * @param run the part of the ids before the number
 * @param sequences the numbers found, each with its sequence in the stream
 * @param removed whether the stream has removed messages, by its limits
 */
record StoredRun(String run, NavigableMap<Long, Long> sequences, boolean removed) {
  /** The header with a message's id: what the server recognises a duplicate by. */
  static final String ID = "Nats-Msg-Id";

  private static final int NO_MESSAGE_FOUND = 10037;

  /**
   * Reads the ids of the messages after a sequence, one by one: works with every kind of retention,
   * and leaves no consumer behind on the server.
   *
   * @param after a sequence of the stream; 0 for all
   * @throws IOException when the server does not answer
   */
  static StoredRun read(StreamContext stream, String subject, String run, long after)
      throws IOException, JetStreamApiException {
    NavigableMap<Long, Long> sequences = new TreeMap<>();
    StreamState state = stream.getStreamInfo().getStreamState();
    long last = state.getLastSequence();
    for (long sequence = after + 1; sequence <= last; sequence++) {
      MessageInfo message;
      try {
        message = stream.getNextMessage(sequence, subject);
      } catch (JetStreamApiException e) {
        if (e.getApiErrorCode() == NO_MESSAGE_FOUND) {
          break;
        }
        throw e;
      }
      sequence = message.getSeq();
      String id = id(message.getHeaders());
      if (id.startsWith(run + "-")) {
        sequences.put(number(id), sequence);
      }
    }
    return new StoredRun(run, sequences, state.getFirstSequence() > 1);
  }

  /**
   * Reads the end of the run that wrote the last message of a subject, to go on from there.
   *
   * @param window how many messages that run may have had without acknowledgement
   * @return null when the last message has no id of ours, or there is none
   */
  static StoredRun last(StreamContext stream, String subject, int window)
      throws IOException, JetStreamApiException {
    MessageInfo last;
    try {
      last = stream.getLastMessage(subject);
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == NO_MESSAGE_FOUND) {
        return null;
      }
      throw e;
    }
    String id = id(last.getHeaders());
    if (number(id) < 0) {
      return null;
    }
    // Sent again, a message may stand as much as a window behind those that were sent after it.
    long after = Math.max(0, last.getSeq() - 2L * window);
    return read(stream, subject, id.substring(0, id.lastIndexOf('-')), after);
  }

  /**
   * The lowest number that is missing, be it in a gap or after the end. Only the last {@code
   * window} numbers can be missing: a publisher does not go on before the others are acknowledged.
   */
  long firstMissing(int window) {
    // What the stream may have removed by its limits was there once: it is not sent again.
    long number = removed ? sequences.firstKey() : Math.max(0, sequences.lastKey() - window + 1);
    while (sequences.containsKey(number)) {
      number++;
    }
    return number;
  }

  /** The id of a message; empty when it has none. */
  static String id(Headers headers) {
    String id = headers == null ? null : headers.getLast(ID);
    return id == null ? "" : id;
  }

  /** The number at the end of an id, or -1. */
  static long number(String id) {
    int dash = id.lastIndexOf('-');
    boolean digits = dash > 0 && id.length() - dash <= 19 && isDigits(id, dash + 1);
    return digits ? Long.parseLong(id, dash + 1, id.length(), 10) : -1;
  }

  private static boolean isDigits(String text, int from) {
    return from < text.length() && text.chars().skip(from).allMatch(c -> c >= '0' && c <= '9');
  }
}
