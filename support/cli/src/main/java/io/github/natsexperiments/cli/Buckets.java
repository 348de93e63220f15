package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.IdempotentKeyValue;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.KeyValueManagement;
import io.nats.client.KeyValueOptions;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueStatus;
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
      String problem =
          IdempotentKeyValue.whyNotWritable(status.getBackingStreamInfo().getConfiguration());
      if (problem != null) {
        throw new Failure(ExitCode.FAILED, "Bucket \"" + bucket + "\" " + problem);
      }
      return status;
    } catch (JetStreamApiException e) {
      throw new Failure(ExitCode.FAILED, "No bucket \"" + bucket + "\": " + why(e), e);
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
   * @param e what the server says instead, or what jnats says to a value larger than it takes
   */
  public static Failure refused(Connection connection, String bucket, Exception e) {
    return e instanceof JetStreamApiException refused
        ? new Failure(ExitCode.FAILED, "Bucket \"" + bucket + "\": " + why(refused), e)
        : new Failure(
            ExitCode.FAILED,
            "A value is larger than the "
                + connection.getMaxPayload()
                + " bytes that the server takes (max_payload)",
            e);
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
