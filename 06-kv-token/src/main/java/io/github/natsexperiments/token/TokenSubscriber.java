package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.SubscriberOptions;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Options;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueOperation;
import io.nats.client.api.KeyValueWatcher;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Watches keys of a bucket on a server that asks for a token, and tells a key that has expired from
 * one that somebody has purged.
 *
 * <p>Before: {@code java -jar 06-kv-token/target/issuer.jar} makes the token, and {@code ./lab
 * server token} starts a server that asks for it.<br>
 * Terminal 1: {@code java -jar 06-kv-token/target/publisher.jar --token-file
 * 06-kv-token/token/token}<br>
 * Terminal 2: {@code java -jar 06-kv-token/target/subscriber.jar --token-file
 * 06-kv-token/token/token}
 *
 * <p>Watch for this: a value put with {@code --ttl} goes without anybody deleting it.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/key-value-store">NATS documentation:
 *     Key/Value store</a>
 */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Watches keys of a bucket, logged in with a token.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar --token-file 06-kv-token/token/token",
      "  NATS_TOKEN=... java -jar subscriber.jar --key '>'   all keys",
      "  java -jar subscriber.jar --follow                   asks for the token"
    })
public final class TokenSubscriber implements Callable<Integer> {
  private static final String REASON = "Nats-Marker-Reason";
  private static final String EXPIRED = "MaxAge";

  @Mixin private CommonOptions common;
  @Mixin private TokenOptions tokens;
  @Mixin private SubscriberOptions subscriber;

  @Option(
      names = "--bucket",
      paramLabel = "NAME",
      converter = KvNames.Bucket.class,
      description = "Bucket to watch. Default: ${DEFAULT-VALUE}.")
  private String bucket = "sample_kv";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      converter = KvNames.KeyFilter.class,
      description = "Key; * is any one token, > the whole rest. Default: ${DEFAULT-VALUE}.")
  private String key = "key";

  @Option(names = "--follow", description = "Wait for the bucket when there is none.")
  private boolean follow;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new TokenSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    Token token = tokens.find(common.servers());
    try (Stop stop = Stop.onSignals()) {
      TokenListener listener = new TokenListener(token, stop);
      try (Connection connection =
          Connections.connect(options(token, listener), listener::whyRejected)) {
        listener.connected(connection);
        if (!connection.getServerInfo().isJetStreamAvailable()) {
          throw new Failure(
              ExitCode.FAILED, "JetStream is off on this server: start nats-server with -js");
        }
        watch(connection, stop);
      }
    }
    return ExitCode.DONE;
  }

  private static Options options(Token token, TokenListener listener) {
    return Options.builder()
        .servers(token.servers())
        .tokenSupplier(token) // asked at every connect
        // The eight settings of lesson 01, where each has its comment.
        .connectionName("NATS token example subscriber")
        .connectionTimeout(Duration.ofSeconds(10))
        .pingInterval(Duration.ofSeconds(20))
        .maxPingsOut(6)
        .maxReconnects(-1)
        // As in lesson 5: back soon after a restart of the server.
        .reconnectDelayHandler(
            round -> round <= 20 ? Duration.ofMillis(500) : Duration.ofSeconds(5))
        .connectionListener(listener)
        .errorListener(listener)
        .build();
  }

  private void watch(Connection connection, Stop stop) throws Exception {
    Console console = common.console(stop);
    Tally received = common.tally("Received", subscriber.count(), false);
    Shown shown = new Shown(connection.jetStreamManagement(), console, received, stop);
    try (SteadyWatch watch = new SteadyWatch(connection, bucket, key, shown, follow, stop)) {
      watch.start();
      stop.await(subscriber.timeout(), received);
    }
    console.info(received.summary());
    stop.throwFailure();
    if (stop.reason() == Stop.Reason.TIMEOUT) {
      throw new Failure(
          ExitCode.GAVE_UP,
          "Gave up: nothing for key \""
              + key
              + "\" within "
              + subscriber.timeout().toMillis()
              + " ms");
    }
  }

  /** Shows what a watch brings, one entry after the other. */
  private final class Shown implements KeyValueWatcher {
    private final JetStreamManagement management;
    private final Console console;
    private final Tally received;
    private final Stop stop;

    Shown(JetStreamManagement management, Console console, Tally received, Stop stop) {
      this.management = management;
      this.console = console;
      this.received = received;
      this.stop = stop;
    }

    @Override
    public void watch(KeyValueEntry entry) {
      if (received.messages() == subscriber.count()) {
        return; // on its way when the last one was counted
      }
      byte[] value = entry.getValue() == null ? new byte[0] : entry.getValue(); // null when empty
      console.entry(
          operation(entry),
          entry.getKey(),
          entry.getRevision(),
          "age = \"" + age(entry) + "\"",
          entry.getOperation() == KeyValueOperation.PUT ? value : null);
      received.add(value);
      if (received.messages() == subscriber.count()) {
        stop.ask(Stop.Reason.DONE);
      }
    }

    @Override
    public void endOfData() {
      console.info("Initial values end here. Waiting for changes");
    }

    /**
     * When a value expires, the server puts a marker in its place, and jnats takes it for a purge.
     * Why it is there says a header, which an entry does not have, but the bucket's stream does.
     */
    private String operation(KeyValueEntry entry) {
      if (entry.getOperation() == KeyValueOperation.PURGE) {
        try {
          Headers headers = management.getMessage("KV_" + bucket, entry.getRevision()).getHeaders();
          if (headers != null && EXPIRED.equals(headers.getFirst(REASON))) {
            return "EXPIRED";
          }
        } catch (IOException | JetStreamApiException e) {
          // gone, or out of reach: a purge is what it then looks like
        }
      }
      return entry.getOperation().name();
    }
  }

  private static String age(KeyValueEntry entry) {
    long millis = Math.max(0, Duration.between(entry.getCreated(), ZonedDateTime.now()).toMillis());
    return millis / 1000 + "." + String.valueOf(1000 + millis % 1000).substring(1) + " s";
  }
}
