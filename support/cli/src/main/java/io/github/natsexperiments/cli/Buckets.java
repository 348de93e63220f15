package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.IdempotentKeyValue;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.KeyValueManagement;
import io.nats.client.KeyValueOptions;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueStatus;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.support.NatsKeyValueUtil;
import java.io.IOException;
import java.time.Duration;

/**
 * Buckets of the Key/Value store, and what goes wrong with them in the reader's words.
 *
 * @see <a href="https://docs.nats.io/learn/key-value/your-first-bucket">NATS documentation:
 *     Key/Value store</a>
 */
public final class Buckets {
  private static final KeyValueOptions ANSWER_SOON =
      KeyValueOptions.builder().jsRequestTimeout(Duration.ofSeconds(2)).build();
  private static final int NO_TTL_IN_THIS_BUCKET = 10166;

  private Buckets() {}

  /**
   * Creates a bucket unless there is one of this name, which is used as it is: it may be somebody
   * else's.
   *
   * @return what the bucket is now
   * @throws Failure exit code 1 when the server cannot have this bucket, or it takes no writes
   */
  public static KeyValueStatus open(Connection connection, KeyValueConfiguration configuration)
      throws Failure, IOException, InterruptedException {
    String bucket = configuration.getBucketName();
    if (!connection.getServerInfo().isJetStreamAvailable()) {
      throw new Failure(
          ExitCode.FAILED, "JetStream is off on this server: start nats-server with -js");
    }
    try {
      KeyValueStatus status = find(connection, configuration);
      StreamConfiguration stream = status.getBackingStreamInfo().getConfiguration();
      String problem = IdempotentKeyValue.whyNotWritable(stream);
      if (problem != null) {
        throw new Failure(ExitCode.FAILED, "Bucket \"" + bucket + "\" " + problem);
      }
      requireSubjects(stream, NatsKeyValueUtil.toStreamSubject(bucket));
      return status;
    } catch (JetStreamApiException e) {
      throw new Failure(ExitCode.FAILED, "No bucket \"" + bucket + "\": " + why(e), e);
    } catch (IllegalArgumentException e) { // jnats'
      String tooLarge =
          "No bucket \"%s\": the request for it is larger than the %d bytes that the server takes"
              + " (max_payload)";
      throw new Failure(ExitCode.FAILED, tooLarge.formatted(bucket, connection.getMaxPayload()), e);
    }
  }

  /**
   * Looks whether a bucket takes keys: it is a stream, which may have any subjects, or none.
   *
   * @param subject of a key; one that ends with {@code >} for any key
   * @throws Failure exit code 1 when nobody would answer a write
   */
  public static void requireSubjects(StreamConfiguration stream, String subject) throws Failure {
    if (stream.getSubjects().stream().noneMatch(each -> Subjects.overlap(each, subject))) {
      throw new Failure(
          ExitCode.FAILED,
          "Bucket \"%s\" takes no writes: its stream has no subject %s"
              .formatted(NatsKeyValueUtil.trimPrefix(stream.getName()), subject));
    }
  }

  private static KeyValueStatus find(Connection connection, KeyValueConfiguration configuration)
      throws IOException, JetStreamApiException, InterruptedException {
    KeyValueManagement management = connection.keyValueManagement(ANSWER_SOON);
    String bucket = configuration.getBucketName();
    try {
      return JetStreamErrors.ask(connection, () -> management.getStatus(bucket));
    } catch (JetStreamApiException | IOException e) {
      if (!JetStreamErrors.isStreamNotFound(e)) {
        throw e;
      }
    }
    try {
      return JetStreamErrors.ask(connection, () -> management.create(configuration));
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() != JetStreamErrors.STREAM_NAME_IN_USE) {
        throw e;
      }
      return management.getStatus(bucket); // another program was faster
    }
  }

  /**
   * A write that is not stored.
   *
   * @param e what the server says instead; or why nothing was sent: the bucket takes no such key,
   *     or jnats no value of this size
   */
  public static Failure refused(Connection connection, String bucket, Exception e) {
    String why = e.getMessage();
    if (e instanceof JetStreamApiException refused) {
      why = "Bucket \"" + bucket + "\": " + why(refused);
    } else if (why.startsWith("Message payload size exceed")) {
      String tooLarge =
          "A value is larger than the %d bytes that the server takes, headers included"
              + " (max_payload)";
      why = tooLarge.formatted(connection.getMaxPayload());
    }
    return new Failure(ExitCode.FAILED, why, e);
  }

  private static String why(JetStreamApiException e) {
    return switch (e.getApiErrorCode()) {
      case JetStreamErrors.STREAM_NOT_FOUND ->
          "it is gone: deleted, or kept in memory by a server that was restarted";
      case NO_TTL_IN_THIS_BUCKET ->
          "it was created without --ttl, so its values cannot expire; name another --bucket";
      default -> JetStreamHints.explain(e);
    };
  }
}
