package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.Entries;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.WatchLog;
import io.github.natsexperiments.resilience.ResumingWatch;
import io.github.natsexperiments.resilience.WatchedEntry;
import io.nats.client.Connection;
import io.nats.client.Options;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatcher;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Watches keys of a bucket on a server that asks for a token, and distinguishes a key that has
 * expired from one that somebody has purged.
 *
 * <p>Before: {@code java -jar 06-kv-token/target/issuer.jar} makes the token, and {@code ./lab
 * server token} starts a server that asks for it.<br>
 * Terminal 1: {@code java -jar 06-kv-token/target/publisher.jar --token-file
 * 06-kv-token/token/token}<br>
 * Terminal 2: {@code java -jar 06-kv-token/target/subscriber.jar --token-file
 * 06-kv-token/token/token}
 *
 * <p>Watch for this: a value put with {@code --ttl} disappears without anybody deleting it.
 *
 * @see <a href="https://docs.nats.io/learn/key-value/watching">NATS documentation: Key/Value
 *     store</a>
 */
@Command
public final class TokenSubscriber implements Callable<Integer> {
  private static final String REASON = "Nats-Marker-Reason";
  private static final String EXPIRED = "MaxAge";

  @Mixin private TokenSubscriberOptions options;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new TokenSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    Token token = options.token();
    try (Run run = options.run()) {
      run.setLogin(token.login());
      Options.Builder settings =
          run.settings("NATS token example subscriber")
              // As in lesson 5: resumes soon after a restart of the server.
              .reconnectDelayHandler(
                  round -> round <= 20 ? Duration.ofMillis(500) : Duration.ofSeconds(5));
      if (token.get() != null) {
        settings.tokenSupplier(token); // asked at every connect, so that the file may change
      }
      try (Connection connection = run.connect(settings.build())) {
        watch(connection, run);
      }
      return run.result(options.gaveUp(), "");
    }
  }

  private void watch(Connection connection, Run run) throws Exception {
    // As connection.keyValue(bucket).watch(key, watcher), and it goes on after a restart: lesson 5.
    try (ResumingWatch bucket =
        new ResumingWatch(
            connection, options.bucket, options.follow, new WatchLog(options.bucket, run.stop()))) {
      bucket.watch(options.key, new Shown(run));
      run.stop().await(options.subscriber.timeout(), run.tally());
    }
  }

  /** Shows what the watch brings, one entry after the other. */
  private final class Shown implements KeyValueWatcher {
    private final Run run;

    Shown(Run run) {
      this.run = run;
    }

    @Override
    public void watch(KeyValueEntry entry) {
      if (run.tally().messages() == options.subscriber.count()) {
        return; // arrived after the last one was counted
      }
      Entries.show(run.console(), operation(entry), entry);
      run.tally().add(Entries.value(entry));
      if (run.tally().messages() == options.subscriber.count()) {
        run.stop().ask(Stop.Reason.DONE);
      }
    }

    @Override
    public void endOfData() {
      run.console().info("Initial values end here. Waiting for changes");
    }

    /**
     * When a value expires, the server puts a marker in its place, and jnats takes it for a purge.
     * A header says why it is there.
     */
    private static String operation(KeyValueEntry entry) {
      boolean expired = EXPIRED.equals(((WatchedEntry) entry).header(REASON));
      return expired ? "EXPIRED" : entry.getOperation().name();
    }
  }
}
