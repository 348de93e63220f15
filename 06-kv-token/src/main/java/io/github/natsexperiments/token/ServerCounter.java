package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Buckets;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.JetStreamHints;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.RetryLog;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.resilience.IdempotentPublisher;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.github.natsexperiments.resilience.PublishListener;
import io.github.natsexperiments.resilience.Streams;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.impl.Headers;
import io.nats.client.support.NatsKeyValueUtil;
import java.io.IOException;
import java.time.Duration;

/**
 * A counter that the server keeps: a message says what to add, and its ack says the sum. Nobody
 * reads before writing, so nobody is too late. Needs nats-server 2.12.
 *
 * @see <a
 *     href="https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-49.md">NATS:
 *     distributed counters</a>
 */
final class ServerCounter {
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final Headers PLUS_ONE = new Headers().put("Nats-Incr", "+1");
  private static final byte[] NO_BODY = {};

  private ServerCounter() {}

  /**
   * Creates the bucket unless it exists: its stream counts, and it can be watched like any other.
   *
   * @throws Failure exit code 1 when there is one that does not count
   */
  static void open(Connection connection, KeyValueConfiguration bucket)
      throws Failure, IOException, InterruptedException {
    JetStreamHints.checkServer(connection);
    String name = '"' + bucket.getBucketName() + '"';
    StreamConfiguration counting =
        StreamConfiguration.builder(bucket.getBackingConfig())
            .allowMessageCounter()
            .discardPolicy(DiscardPolicy.Old) // a counter takes no other
            .build();
    try {
      StreamInfo found = Streams.find(connection, counting.getName(), ANSWER);
      if (found == null) {
        JetStreamErrors.ask(connection, () -> connection.jetStreamManagement().addStream(counting));
      } else if (!found.getConfiguration().getAllowMessageCounter()) {
        throw new Failure(
            ExitCode.FAILED,
            "Bucket " + name + " keeps values, no counters: name another --bucket");
      } else {
        Buckets.requireSubjects(
            found.getConfiguration(), NatsKeyValueUtil.toStreamSubject(bucket.getBucketName()));
      }
    } catch (JetStreamApiException e) {
      throw JetStreamHints.failure("No bucket " + name, e);
    }
  }

  /** Adds 1 to a key for each payload, and prints the sum. */
  static void count(Connection connection, TokenBucketOptions to, PayloadSource payloads, Run run)
      throws Failure, IOException, InterruptedException {
    String subject = "$KV." + to.name() + "." + to.key(); // a bucket is a stream
    // As connection.jetStream(), but what has no ack is sent again with the same message id, unless
    // the bucket has it: the server adds it once.
    try (IdempotentPublisher jetStream =
        IdempotentPublisher.builder(connection)
            .readBack("KV_" + to.name())
            .listener(new Silence())
            .stopWhen(run.stop()::asked)
            .build()) {
      while (payloads.next() != null) {
        PublishAck ack = jetStream.publish(subject, PLUS_ONE, NO_BODY);
        // The ack of a message that came twice has no sum.
        String sum =
            ack.isDuplicate() ? "duplicate = \"true\"" : "value = \"" + ack.getVal() + "\"";
        run.console().stored(to.name(), to.key(), ack.getSeqno(), sum);
        run.tally().add(NO_BODY);
      }
    } catch (JetStreamApiException e) {
      throw Buckets.refused(connection, to.name(), e);
    } catch (IOException e) {
      run.throwFailure(); // where a listener of the connection knows why
      if (!run.stop().asked()) {
        throw e;
      }
      run.console().warn("Stopped without an answer to the last addition: it is made or not");
    }
  }

  /** Logs that the server does not answer; its answers are what {@code publish} returns. */
  private static final class Silence implements PublishListener {
    private final RetryLog log = new RetryLog();
    private boolean reported;

    @Override
    public void noAnswer(int messages, String reason) {
      reported = true;
      log.noAnswer(reason);
    }

    @Override
    public void answered(Duration silence, int stored, int sent) {
      if (reported) {
        log.answered(silence);
      }
      reported = false;
    }

    @Override
    public void stored(Stored message) {}

    @Override
    public void refused(long number, String subject, byte[] body, JetStreamApiException reason) {}
  }
}
