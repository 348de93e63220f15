package io.github.natsexperiments.token;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.natsexperiments.cli.Buckets;
import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.RetryLog;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.resilience.IdempotentKeyValue;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Options;
import io.nats.client.api.KeyValueEntry;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Puts values into a bucket of a server that asks for a token; counts together with others ({@code
 * --increment}), and puts values that expire by themselves ({@code --ttl}).
 *
 * <p>Before: {@code java -jar 06-kv-token/target/issuer.jar} makes the token, and {@code ./lab
 * server token} starts a server that asks for it.<br>
 * Terminal 1: {@code java -jar 06-kv-token/target/publisher.jar --token-file
 * 06-kv-token/token/token}<br>
 * Terminal 2: {@code java -jar 06-kv-token/target/subscriber.jar --token-file
 * 06-kv-token/token/token}
 *
 * <p>Watch for this: start two publishers with {@code --increment}. Both add to one number, and
 * neither overwrites what the other has added. {@link ServerCounter} leaves the adding to the
 * server.
 *
 * @see <a href="https://docs.nats.io/learn/security/authentication-basics">NATS documentation:
 *     tokens</a>
 */
@Command
public final class TokenPublisher implements Callable<Integer> {
  private static final int LONGEST_JITTER_MILLIS = 50;
  private static final byte[] NO_TEXT = {};

  @Mixin private TokenPublisherOptions options;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new TokenPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    Token token = options.token();
    try (Run run = options.run(token)) {
      Options.Builder settings = run.settings("NATS token example publisher");
      // Asked at every connect, so a token that was replaced is found. Options.token(char[]) is
      // the form for one that never changes.
      settings.tokenSupplier(token);
      settings.reconnectWait(Duration.ofSeconds(1)); // lesson 1 waits 5 s
      try (Connection connection = run.connect(settings.build())) {
        options.bucket().open(connection, run.console());
        if (options.bucket().atServer()) {
          ServerCounter.count(
              connection, options.bucket(), options.payloads(run.stop(), connection), run);
          return run.result();
        }
        // connection.keyValue(bucket) in a form that looks up a write whose answer was lost, and
        // retries it only if it is not stored.
        try (IdempotentKeyValue kv =
            new IdempotentKeyValue(connection, options.bucket().name(), new RetryLog())) {
          run.stop().whenAsked(kv::close);
          write(kv, options.payloads(run.stop(), connection), run);
        } catch (CancellationException e) {
          run.console().warn("Stopped without an answer to the last write: it is stored or not");
        } catch (JetStreamApiException | IllegalArgumentException e) {
          throw Buckets.refused(connection, options.bucket().name(), e);
        }
        return run.result();
      }
    }
  }

  private void write(IdempotentKeyValue kv, PayloadSource payloads, Run run) throws Exception {
    for (byte[] payload; (payload = payloads.next()) != null; ) {
      if (options.bucket().increment()) {
        increment(kv, run);
        run.tally().add(NO_TEXT);
      } else {
        long revision = kv.put(options.bucket().key(), payload, options.bucket().ttl());
        run.console().stored(options.bucket().name(), options.bucket().key(), revision);
        run.tally().add(payload);
      }
    }
  }

  /**
   * Adds 1 to the number in the key, and loses nobody's addition: the server stores the sum only if
   * the key still holds what was read.
   */
  private void increment(IdempotentKeyValue kv, Run run) throws Exception {
    String key = options.bucket().key();
    for (int attempt = 1; ; attempt++) {
      KeyValueEntry entry = kv.get(key);
      long sum = options.bucket().oneMoreThan(entry);
      byte[] value = Long.toString(sum).getBytes(UTF_8);
      try {
        long revision =
            entry == null
                ? kv.create(key, value, options.bucket().ttl())
                : kv.update(key, value, entry.getRevision(), options.bucket().ttl());
        run.console().stored(options.bucket().name(), key, revision, "value = \"" + sum + "\"");
        return;
      } catch (JetStreamApiException e) {
        if (!JetStreamErrors.isWrongRevision(e)) {
          throw e;
        }
      }
      // Another publisher was faster. A random wait, longer with each attempt, keeps those that
      // were too late from meeting again.
      int longest = Math.min(1 << Math.min(attempt, 10), LONGEST_JITTER_MILLIS);
      run.stop().sleep(Duration.ofMillis(ThreadLocalRandom.current().nextInt(longest + 1)));
    }
  }
}
