package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamOptions;
import io.nats.client.MessageTtl;
import io.nats.client.NUID;
import io.nats.client.PublishOptions;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.impl.Headers;
import io.nats.client.support.NatsJetStreamConstants;
import io.nats.client.support.NatsKeyValueUtil;
import io.nats.client.support.Validator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * The stream behind a bucket: its messages are written once, whatever becomes of their answers, and
 * read from the leader. Thread-safe.
 */
final class BucketStream {
  private static final int ROOM_FOR_AN_ID = 64;

  private final Connection connection;
  private final JetStream jetStream;
  private final String bucket;
  private final String stream;
  private final String prefix;
  private final int largest;
  private final boolean replicated;
  private final Retry retry;
  private final String run = NUID.nextGlobal() + "-";
  private final AtomicLong writes = new AtomicLong();

  /** Looks at the bucket, see {@link IdempotentKeyValue}. */
  BucketStream(Connection connection, String bucket, Retry retry)
      throws IOException, JetStreamApiException, InterruptedException {
    this.connection = connection;
    this.bucket = bucket;
    this.stream = NatsKeyValueUtil.toStreamName(bucket);
    StreamConfiguration configuration = writable();
    this.largest = configuration.getMaximumMessageSize(); // with its id; negative for any
    this.replicated = configuration.getReplicas() > 1;
    this.jetStream =
        connection.jetStream(JetStreamOptions.builder().requestTimeout(Retry.ANSWER).build());
    this.prefix = NatsKeyValueUtil.toKeyPrefix(bucket);
    this.retry = retry;
  }

  /** The stream's configuration now, unless it answers no writes. */
  private StreamConfiguration writable()
      throws IOException, JetStreamApiException, InterruptedException {
    StreamConfiguration now = Streams.info(connection, stream, Retry.ANSWER).getConfiguration();
    refuse(IdempotentKeyValue.whyNotWritable(now));
    return now;
  }

  private void refuse(String why) {
    if (why != null) {
      throw new IllegalArgumentException("Bucket \"" + bucket + "\" " + why);
    }
  }

  /** The newest message of a key; null when there is none. */
  MessageInfo newest(String key) throws IOException, JetStreamApiException, InterruptedException {
    String subject = subject(key);
    return retry.untilAnswered(() -> read("\"last_by_subj\":\"" + subject + "\""));
  }

  /**
   * Writes a message and returns its revision.
   *
   * @param expected the revision that the key must hold; negative for any
   */
  long write(String key, Headers headers, byte[] value, long expected, MessageTtl ttl)
      throws IOException, JetStreamApiException, InterruptedException {
    String subject = subject(key);
    int length = value == null ? 0 : value.length;
    // The id counts. Where it does not fit, the value itself must do after a lost answer.
    boolean fits = largest < 0 || length + ROOM_FOR_AN_ID <= largest;
    String id = fits ? run + writes.incrementAndGet() : null;
    MessageInfo before = fits || expected >= 0 ? null : newest(key);
    long after = before == null ? Math.max(expected, 0) : before.getSeq();
    Predicate<MessageInfo> ours =
        fits
            ? message -> id.equals(id(message))
            : message ->
                id(message) == null && Arrays.equals(bytes(message.getData()), bytes(value));
    PublishOptions options =
        PublishOptions.builder()
            .messageId(id)
            .expectedLastSubjectSequence(expected)
            .messageTtl(ttl)
            .build();
    boolean[] sent = {false};
    return retry.untilAnswered(
        () -> {
          boolean again = sent[0];
          long stored = again ? revisionOf(ours, subject, after) : 0;
          if (stored > 0) {
            return stored;
          }
          if (again && !Streams.takes(writable(), subject)) { // or it would be sent for ever
            refuse("does not take key \"" + key + "\": its stream has other subjects");
          }
          sent[0] = true;
          try {
            return publish(subject, headers, value, options);
          } catch (JetStreamApiException e) {
            if (again && fits && JetStreamErrors.isWrongRevision(e)) {
              stored = known(id, subject);
            }
            if (stored > 0) {
              return stored;
            }
            throw e;
          }
        });
  }

  private static String id(MessageInfo message) {
    Headers headers = message.getHeaders();
    return headers == null ? null : headers.getFirst(NatsJetStreamConstants.MSG_ID_HDR);
  }

  private static byte[] bytes(byte[] data) {
    return data == null ? new byte[0] : data;
  }

  private long publish(String subject, Headers headers, byte[] value, PublishOptions options)
      throws IOException, JetStreamApiException, InterruptedException {
    return retry.answer(jetStream.publishAsync(subject, headers, value, options)).getSeqno();
  }

  /**
   * The revision that a message id stands for in the server's memory; 0 when it does not know the
   * id. It compares ids before a condition that can never be met, so nothing is stored. Which
   * condition comes after ids depends: a single server compares sequences before them, and the
   * newest message's id after. A cluster compares sequences after; with another newest id than it
   * has, a replicated stream of nats-server 2.15.1 ends in a write error, for good.
   */
  long known(String id, String subject)
      throws IOException, JetStreamApiException, InterruptedException {
    PublishOptions.Builder never = PublishOptions.builder().messageId(id);
    try {
      return publish(
          subject,
          null,
          null,
          replicated
              ? never.expectedLastSequence(Long.MAX_VALUE).build()
              : never.expectedLastMsgId(id).build());
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isWrongRevision(e)
          || e.getApiErrorCode() == JetStreamErrors.WRONG_LAST_MESSAGE_ID) {
        return 0;
      }
      throw e;
    }
  }

  /** Searches the history of a key, after a revision; 0 when it is not there. */
  private long revisionOf(Predicate<MessageInfo> ours, String subject, long after)
      throws IOException, JetStreamApiException, InterruptedException {
    MessageInfo message = read("\"last_by_subj\":\"" + subject + "\"");
    long newest = message == null ? 0 : message.getSeq();
    long next = after + 1;
    while (message != null && next <= newest) {
      if (ours.test(message)) {
        return message.getSeq();
      }
      message = read("\"seq\":" + next + ",\"next_by_subj\":\"" + subject + "\"");
      next = message == null ? 0 : message.getSeq() + 1;
    }
    return 0;
  }

  /** Asks the leader, which jnats' own management does not; null when there is no such message. */
  private MessageInfo read(String which)
      throws IOException, JetStreamApiException, InterruptedException {
    byte[] body = ("{" + which + "}").getBytes(StandardCharsets.UTF_8);
    String subject = "$JS.API.STREAM.MSG.GET." + stream;
    return Streams.message(
        stream, retry.answer(connection.requestWithTimeout(subject, body, Retry.ANSWER)));
  }

  private String subject(String key) {
    Validator.validateNonWildcardKvKeyRequired(key);
    if (("." + key + ".").contains("..")) { // jnats lets it pass, and no server would answer
      throw new IllegalArgumentException("Key with an empty token: " + key);
    }
    return prefix + key;
  }
}
