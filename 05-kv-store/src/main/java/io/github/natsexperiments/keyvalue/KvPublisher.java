package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Buckets;
import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.RetryLog;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.resilience.IdempotentKeyValue;
import io.github.natsexperiments.resilience.IdempotentPublisher;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Options;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Puts values into a bucket of the Key/Value store, and deletes or purges keys.
 *
 * <p>Terminal 1: {@code java -jar 05-kv-store/target/publisher.jar}<br>
 * Terminal 2: {@code java -jar 05-kv-store/target/subscriber.jar}
 *
 * <p>Watch for this: the server answers every put with a revision. Revisions count the writes to
 * the whole bucket, not to the key.
 *
 * @see <a href="https://docs.nats.io/learn/key-value/your-first-bucket">NATS documentation:
 *     Key/Value store</a>
 */
@Command
public final class KvPublisher implements Callable<Integer> {
  @Mixin private KvPublisherOptions options;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new KvPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run run = options.run()) {
      Options settings =
          run.settings("NATS Key/Value example publisher")
              .reconnectWait(Duration.ofSeconds(1)) // lesson 1 waits 5 s
              .build();
      try (Connection connection = run.connect(settings)) {
        options.bucket().open(connection, run.console());
        // connection.keyValue(bucket) in a form that looks up a write whose answer was lost, and
        // retries it only if it is not stored.
        try (IdempotentKeyValue kv =
            new IdempotentKeyValue(connection, options.bucket().name(), new RetryLog())) {
          run.stop().whenAsked(kv::close);
          write(kv, connection, run);
        } catch (CancellationException e) {
          run.console().warn("Stopped without an answer to the last put: it is stored or not");
        } catch (JetStreamApiException | IllegalArgumentException e) {
          throw Buckets.refused(connection, options.bucket().name(), e);
        }
        return run.result();
      }
    }
  }

  private void write(IdempotentKeyValue kv, Connection connection, Run run) throws Exception {
    if (options.delete() != null) {
      kv.delete(options.delete()); // the key has no value any more, but its history stays
      run.withoutSummary();
      run.console().info("Deleted key \"" + options.delete() + "\"");
      return;
    }
    if (options.purge() != null) {
      kv.purge(options.purge()); // the history goes, too
      run.withoutSummary();
      run.console().info("Purged key \"" + options.purge() + "\"");
      return;
    }
    Puts puts = options.puts(run.stop(), connection);
    if (options.window() > 0) {
      send(puts, connection, run); // the PutLog hears of the revisions
      return;
    }
    for (Puts.Put put; (put = puts.next()) != null; ) {
      long revision = kv.put(put.key(), put.value());
      run.console().stored(options.bucket().name(), put.key(), revision);
      run.tally().add(put.value());
    }
  }

  /**
   * Puts without waiting for each answer. {@code KeyValue} has no such form; but a bucket is a
   * stream, and a put is a message to the subject of its key.
   */
  private void send(Puts puts, Connection connection, Run run) throws Exception {
    String bucket = options.bucket().name();
    PutLog log = new PutLog(run, bucket);
    ConnectionLog events = new ConnectionLog(); // a lost connection of it does not end the run
    Options settings =
        new Options.Builder(connection.getOptions())
            .connectionListener(events)
            .errorListener(events)
            .build();
    // Of two values of a key the later one stays, also when the server is killed meanwhile.
    try (IdempotentPublisher stream =
        IdempotentPublisher.inOrder(settings, "KV_" + bucket)
            .window(options.window())
            .listener(log)
            .stopWhen(run.stop()::asked)
            .build()) {
      try {
        for (Puts.Put put; !log.hasRefused() && (put = puts.next()) != null; ) {
          stream.send("$KV." + bucket + "." + put.key(), put.value());
        }
      } finally {
        log.finish(stream.nextNumber(), stream.awaitAcks());
      }
    }
  }
}
