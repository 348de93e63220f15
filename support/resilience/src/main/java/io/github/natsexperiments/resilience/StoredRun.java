package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.AckWindow.InFlight;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamState;
import io.nats.client.impl.Headers;
import io.nats.client.support.Encoding;
import io.nats.client.support.NatsJetStreamConstants;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What a stream holds of one publisher's run. The stream itself is the only reliable record of what
 * was stored: an ack can get lost, a publisher can be killed. Every message of an {@link
 * IdempotentPublisher} carries {@code RUN-NUMBER} as its id, so it can be looked up.
 *
 * @param run the part of the ids before the number
 * @param sequences the numbers found, each with its sequence in the stream
 * @param firstMissing the lowest number that is not stored
 */
public record StoredRun(String run, NavigableMap<Long, Long> sequences, long firstMissing) {
  private static final Duration ANSWER = Duration.ofSeconds(1);
  private static final int MOST_DIGITS = 18;

  /** Whether the stream holds the message with this number. */
  public boolean contains(long number) {
    return sequences.containsKey(number);
  }

  /**
   * Reads the end of the run that wrote the last message of a subject, to go on from there.
   *
   * @param window how many messages that run may have had without an ack
   * @param subject as the stream stores it, which matters where the stream changes subjects
   * @return null when the last message has no id of a publisher like ours, or there is none
   * @throws IOException when the server does not answer within 1 s
   */
  public static StoredRun last(Connection connection, String stream, String subject, int window)
      throws IOException, JetStreamApiException, InterruptedException {
    MessageInfo last = newest(connection, stream, subject);
    String id = last == null ? "" : id(last.getHeaders());
    if (number(id) < 0) {
      return null;
    }
    String run = id.substring(0, id.lastIndexOf('-'));
    // A message that was sent again may stand a window behind those that were sent after it.
    long after = Math.max(0, last.getSeq() - 2L * window);
    NavigableMap<Long, Long> found = new TreeMap<>();
    StreamState state = read(connection, stream, subject, run, after, found);
    if (found.isEmpty()) {
      return null; // purged meanwhile
    }
    // A publisher does not go on before all but the last window are acknowledged. What the stream
    // has removed by its limits was there once: it is not sent again.
    boolean removed = state.getFirstSequence() > 1;
    long missing = removed ? found.firstKey() : Math.max(0, found.lastKey() - window + 1);
    while (found.containsKey(missing)) {
      missing++;
    }
    return new StoredRun(run, found, missing);
  }

  /** Finds which of the messages in doubt the stream has, each with its sequence. */
  static Map<Long, Long> find(
      Connection connection, String stream, String run, List<InFlight> messages)
      throws IOException, JetStreamApiException, InterruptedException {
    String subject = messages.get(0).subject;
    long after = messages.get(0).after;
    for (InFlight message : messages) {
      subject = message.subject.equals(subject) ? subject : ">";
      after = Math.min(after, message.after);
    }
    NavigableMap<Long, Long> found = new TreeMap<>();
    read(connection, stream, subject, run, after, found);
    return found;
  }

  /**
   * Finds which of the messages in doubt are stored where they arrive in order: all up to the
   * newest of their subject. Those before it must not be sent again, because they would replace a
   * newer value of a key; and the stream may have forgotten their ids.
   *
   * @return their numbers, each with its sequence, or 0 where that is not known
   */
  static Map<Long, Long> upToNewest(
      Connection connection, String stream, String run, List<InFlight> messages)
      throws IOException, JetStreamApiException, InterruptedException {
    Map<String, MessageInfo> newest = new HashMap<>();
    Map<Long, Long> found = new HashMap<>();
    for (InFlight message : messages) {
      String subject = message.subject;
      if (!newest.containsKey(subject)) {
        newest.put(subject, newest(connection, stream, subject));
      }
      MessageInfo info = newest.get(subject);
      long stored = info == null ? -1 : numberIn(run, info);
      if (message.number <= stored) {
        found.put(message.number, message.number == stored ? info.getSeq() : 0);
      }
    }
    return found;
  }

  /** How far the stream is. */
  static StreamState state(Connection connection, String stream)
      throws IOException, JetStreamApiException, InterruptedException {
    return Streams.info(connection, stream, ANSWER).getStreamState();
  }

  /**
   * Reads the ids of the messages after a sequence, one by one: that works with every kind of
   * retention, and leaves no consumer behind on the server.
   *
   * @param after a sequence of the stream. In one that has not come so far, because it is a new one
   *     of the same name, all messages are read
   */
  private static StreamState read(
      Connection connection,
      String stream,
      String subject,
      String run,
      long after,
      NavigableMap<Long, Long> found)
      throws IOException, JetStreamApiException, InterruptedException {
    StreamInfo info = Streams.info(connection, stream, ANSWER);
    boolean changed = info.getConfiguration().getSubjectTransform() != null;
    String stored = changed ? ">" : Encoding.jsonEncode(subject);
    StreamState state = info.getStreamState();
    long last = state.getLastSequence();
    long sequence = after > last ? 0 : after;
    while (sequence < last) {
      String next = "{\"seq\":%d,\"next_by_subj\":\"%s\"}".formatted(sequence + 1, stored);
      MessageInfo message = get(connection, stream, next);
      if (message == null) {
        break;
      }
      sequence = message.getSeq();
      long number = numberIn(run, message);
      if (number >= 0) {
        found.put(number, sequence);
      }
    }
    return state;
  }

  private static MessageInfo newest(Connection connection, String stream, String subject)
      throws IOException, JetStreamApiException, InterruptedException {
    String last = "{\"last_by_subj\":\"" + Encoding.jsonEncode(subject) + "\"}";
    return get(connection, stream, last);
  }

  private static long numberIn(String run, MessageInfo message) {
    String id = id(message.getHeaders());
    return id.lastIndexOf('-') == run.length() && id.startsWith(run) ? number(id) : -1;
  }

  /**
   * Gets a message from the stream's leader. {@code StreamContext.getMessage} may be answered by
   * any server that has a copy, also by one that has not heard of the last message yet.
   *
   * @return null when there is none
   */
  private static MessageInfo get(Connection connection, String stream, String which)
      throws IOException, JetStreamApiException, InterruptedException {
    byte[] request = which.getBytes(StandardCharsets.UTF_8);
    return JetStreamErrors.ask(
        connection,
        () -> {
          Message answer = connection.request("$JS.API.STREAM.MSG.GET." + stream, request, ANSWER);
          if (answer == null) {
            throw new IOException("no answer from the leader of stream \"" + stream + "\"");
          }
          return Streams.message(stream, answer);
        });
  }

  /** The id of a message; empty when it has none. */
  public static String id(Headers headers) {
    String id = headers == null ? null : headers.getLast(NatsJetStreamConstants.MSG_ID_HDR);
    return id == null ? "" : id;
  }

  /** The number at the end of an id, or -1; also for 007, which is another id than 7. */
  public static long number(String id) {
    int dash = id.lastIndexOf('-');
    int digits = id.length() - dash - 1;
    boolean padded = digits > 1 && id.charAt(dash + 1) == '0';
    long number = dash > 0 && digits > 0 && digits <= MOST_DIGITS && !padded ? 0 : -1;
    for (int at = dash + 1; number >= 0 && at < id.length(); at++) {
      int digit = id.charAt(at) - '0';
      number = digit < 0 || digit > 9 ? -1 : 10 * number + digit;
    }
    return number;
  }
}
