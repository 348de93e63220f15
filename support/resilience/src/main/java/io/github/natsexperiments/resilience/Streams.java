package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamOptions;
import io.nats.client.Message;
import io.nats.client.api.ConsumerLimits;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.support.NatsJetStreamConstants;
import java.io.IOException;
import java.time.Duration;

/** Looks at a stream before something is published to it. Thread-safe: it has no state. */
public final class Streams {
  private Streams() {}

  /**
   * Finds a stream.
   *
   * @param limit how long the answer may take
   * @return null when there is none
   * @throws NotPermittedException when the permission for {@code $JS.API.STREAM.INFO.NAME} is
   *     missing: the stream may be there, and take messages
   * @throws ConnectionClosedException when the connection is closed for good
   * @throws IOException when there is no answer in time
   */
  public static StreamInfo find(Connection connection, String name, Duration limit)
      throws IOException, JetStreamApiException, InterruptedException {
    try {
      return info(connection, name, limit);
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isStreamNotFound(e)) {
        return null;
      }
      throw e;
    }
  }

  /** The same, where a missing stream is an error like others. */
  static StreamInfo info(Connection connection, String name, Duration limit)
      throws IOException, JetStreamApiException, InterruptedException {
    JetStreamOptions soon = JetStreamOptions.builder().requestTimeout(limit).build();
    return JetStreamErrors.ask(
        connection, () -> connection.jetStreamManagement(soon).getStreamInfo(name));
  }

  /**
   * Whether a stream has lost its last messages, so that their sequences will be given to others.
   * One that has several copies, never: a new leader may not have counted all yet.
   *
   * @param sequence the highest that was seen in it
   */
  static boolean isBefore(StreamInfo stream, long sequence) {
    return stream.getConfiguration().getReplicas() == 1
        && stream.getStreamState().getLastSequence() < sequence;
  }

  /**
   * How long a consumer may be unused: a stream can have a limit for that.
   *
   * @param stream null when we may not look
   */
  static Duration unused(StreamInfo stream, Duration wanted) {
    ConsumerLimits limits = stream == null ? null : stream.getConfiguration().getConsumerLimits();
    Duration limit = limits == null ? null : limits.getInactiveThreshold();
    boolean shorter = limit != null && !limit.isZero() && limit.compareTo(wanted) < 0;
    return shorter ? limit : wanted;
  }

  /** Whether a stream stores what is published to a subject. */
  static boolean takes(StreamConfiguration stream, String subject) {
    return stream.getSubjects().stream()
        .map(of -> "\\Q" + of.replace("*", "\\E[^.]+\\Q").replace(">", "\\E.+\\Q") + "\\E")
        .anyMatch(subject::matches);
  }

  /** The message in a leader's answer to {@code STREAM.MSG.GET}; null when there is none. */
  static MessageInfo message(String stream, Message answer) throws JetStreamApiException {
    MessageInfo message = new MessageInfo(answer, stream, false);
    boolean none = message.getApiErrorCode() == NatsJetStreamConstants.JS_NO_MESSAGE_FOUND_ERR;
    return none ? null : message.throwOnHasError();
  }

  /** Why a stream acknowledges nothing that is published to it; null when it does. */
  public static String whyNoAcks(StreamConfiguration stream) {
    if (stream.getNoAck()) {
      return "gives no acks (no_ack)";
    }
    if (stream.getMirror() != null) {
      return "is a mirror of stream \"" + stream.getMirror().getName() + "\"";
    }
    return stream.getSealed() ? "is sealed: it takes no messages any more" : null;
  }
}
