package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Entries;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Pace;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.WatchLog;
import io.github.natsexperiments.keyvalue.KvSubscriberOptions.Wanted;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.github.natsexperiments.resilience.Streams;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.KeyValue;
import io.nats.client.KeyValueOptions;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.Mirror;
import io.nats.client.api.StreamInfo;
import io.nats.client.support.NatsJetStreamConstants;
import io.nats.client.support.NatsKeyValueUtil;
import java.io.IOException;
import java.time.Duration;

/** What can be read of a bucket without a watch. */
record KvReader(Connection connection, KeyValue kv, JetStreamManagement streams, Run run) {
  private static final Duration ANSWER = Duration.ofSeconds(2);

  /**
   * Opens the bucket.
   *
   * @throws Failure exit code 1 when there is none that can be read key by key
   */
  static KvReader open(Connection connection, String bucket, Run run)
      throws Failure, IOException, JetStreamApiException, InterruptedException {
    if (!connection.getServerInfo().isJetStreamAvailable()) {
      throw failure("JetStream is off on this server: start nats-server with -js");
    }
    StreamInfo found = Streams.find(connection, NatsKeyValueUtil.toStreamName(bucket), ANSWER);
    if (found == null) {
      throw failure("There is no bucket \"" + bucket + "\": start publisher.jar, which creates it");
    }
    Mirror mirror = found.getConfiguration().getMirror();
    if (mirror != null && mirror.getExternal() == null) {
      throw failure(
          "Bucket \""
              + bucket
              + "\" is a mirror of "
              + mirror.getName()
              + ", which jnats can watch but not read by key: read the original, or watch");
    }
    JetStreamOptions soon = JetStreamOptions.builder().requestTimeout(ANSWER).build();
    return new KvReader(
        connection,
        connection.keyValue(bucket, KeyValueOptions.builder().jetStreamOptions(soon).build()),
        connection.jetStreamManagement(soon),
        run);
  }

  /** Why {@code --get} finds nothing. */
  static Failure nothing(Wanted wanted) {
    return failure(
        wanted.revision() == 0
            ? "Key \"" + wanted.key() + "\" has no value: it was never put, or is deleted"
            : "Revision "
                + wanted.revision()
                + " is no value of key \""
                + wanted.key()
                + "\": another key's, a delete, or not kept any more (publisher.jar --history)");
  }

  private static Failure failure(String message) {
    return new Failure(ExitCode.FAILED, message);
  }

  /** A question to the bucket. */
  @FunctionalInterface
  interface Question<T> {
    T to(KeyValue kv) throws IOException, JetStreamApiException, InterruptedException;
  }

  /** Asks the bucket. A missing permission is named: jnats would speak of a timeout. */
  <T> T ask(Question<T> question) throws IOException, JetStreamApiException, InterruptedException {
    return JetStreamErrors.ask(connection, () -> question.to(kv));
  }

  /**
   * Shows what a key holds, again and again: the way without a watch, which shows neither what was
   * in between nor that nothing changed.
   */
  void poll(KvSubscriberOptions options)
      throws Failure, JetStreamApiException, InterruptedException {
    String key = options.keys();
    Pace pace = new Pace(options.mode.poll, run.stop());
    Duration timeout = options.subscriber.timeout();
    long lastValue = System.nanoTime();
    Duration left = timeout;
    boolean answers = true;
    while (run.tally().messages() < options.subscriber.count() && pace.next(left)) {
      try {
        KeyValueEntry entry = ask(it -> newest(key));
        if (!answers) {
          run.console().info("The server answers again");
        }
        answers = true;
        if (entry != null) {
          Entries.show(run.console(), entry.getOperation().name(), entry);
          run.tally().add(Entries.value(entry));
          lastValue = System.nanoTime();
        } else {
          run.console().info("Key \"" + key + "\" has never had a value");
        }
      } catch (NotPermittedException e) {
        run.stop().fail(Failure.of(e));
      } catch (IOException e) {
        if (!options.follow && isGone()) {
          throw failure("Bucket \"" + options.bucket + "\"" + WatchLog.GONE);
        }
        if (answers) { // logged once, however long the server is away
          run.console().warn("No answer: " + e.getMessage() + "; retrying");
        }
        answers = false;
      }
      left = timeout == null ? null : timeout.minusNanos(System.nanoTime() - lastValue);
    }
    if (run.tally().messages() < options.subscriber.count()) {
      run.stop().ask(Stop.Reason.TIMEOUT); // unless something else has ended the run
    }
  }

  /** Without the bucket nobody answers the question for a key. */
  private boolean isGone() throws InterruptedException {
    try {
      return connection.getStatus() == Connection.Status.CONNECTED
          && ask(KeyValue::getStatus) == null;
    } catch (IOException | JetStreamApiException e) {
      return JetStreamErrors.isStreamNotFound(e);
    }
  }

  /** The value, or how the key lost it: get() alone returns null when there is none. */
  private KeyValueEntry newest(String key) throws IOException, JetStreamApiException {
    try {
      return new KeyValueEntry(
          streams.getLastMessage(
              NatsKeyValueUtil.toStreamName(kv.getBucketName()),
              NatsKeyValueUtil.toKeyPrefix(kv.getBucketName()) + key));
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == NatsJetStreamConstants.JS_NO_MESSAGE_FOUND_ERR) {
        return null;
      }
      throw e;
    }
  }
}
