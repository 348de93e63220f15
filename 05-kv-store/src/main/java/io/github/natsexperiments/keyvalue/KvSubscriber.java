package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.Entries;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.WatchLog;
import io.github.natsexperiments.resilience.ResumingWatch;
import io.nats.client.Connection;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatcher;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Watches keys of a bucket: what they hold now, then every change. It also lists keys, gets one
 * value, old or new, and looks again every second.
 *
 * <p>Terminal 1: {@code java -jar 05-kv-store/target/publisher.jar}<br>
 * Terminal 2: {@code java -jar 05-kv-store/target/subscriber.jar}
 *
 * <p>Watch for this: it begins with the value that was put last, however late it comes, and a
 * restart of the server leaves no gap.
 *
 * @see <a href="https://docs.nats.io/learn/key-value/watching">NATS documentation: Key/Value store
 *     for developers</a>
 */
@Command
public final class KvSubscriber implements Callable<Integer> {
  @Mixin private KvSubscriberOptions options;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new KvSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Run run = options.run();
        Connection connection =
            run.connect(
                run.settings("NATS Key/Value example subscriber")
                    // A restarted server is back in a second or two; so should the watch be.
                    .reconnectDelayHandler(
                        round -> round <= 20 ? Duration.ofMillis(500) : Duration.ofSeconds(5))
                    .build())) {
      if (options.mode.list) {
        new KeyList(options, run).print(connection);
      } else if (options.mode.poll != null) {
        KvReader.open(connection, options.bucket, run).poll(options);
      } else if (options.mode.get != null) {
        get(connection, run);
      } else {
        watch(connection, run);
      }
      return run.result(options.gaveUp(), "");
    }
  }

  private void watch(Connection connection, Run run) throws Exception {
    Shown shown = new Shown(run);
    // Like connection.keyValue(bucket).watch(keys, watcher, options), which is silent for half a
    // minute after a restart of the server; this one resumes at once where it was.
    try (ResumingWatch bucket =
        new ResumingWatch(connection, options.bucket, options.follow, shown)) {
      bucket.watch(options.keys(), shown, options.mode.from, options.watchOptions());
      run.stop().await(options.subscriber.timeout(), run.tally());
    }
    run.addToSummary(shown.summary());
  }

  /** Shows what the watch brings, one entry after the other. */
  private final class Shown extends WatchLog implements KeyValueWatcher {
    private final Run run;
    private boolean initial = true;
    private long last = -1;
    private long skipped; // overwritten too soon for us to see

    Shown(Run run) {
      super(options.bucket, run.stop());
      this.run = run;
    }

    @Override
    public void watch(KeyValueEntry entry) {
      if (run.tally().messages() == options.subscriber.count()) {
        return; // arrived after the last one was counted
      }
      skipped += initial || last < 0 ? 0 : entry.getRevision() - last - 1;
      last = entry.getRevision();
      Entries.show(run.console(), entry.getOperation().name(), entry);
      run.tally().add(Entries.value(entry));
      if (run.tally().messages() == options.subscriber.count()) {
        run.stop().ask(Stop.Reason.DONE);
      }
    }

    @Override
    public void endOfData() {
      initial = false;
      run.console().info("Initial values end here. Waiting for changes");
    }

    @Override
    public void renewed() {
      super.renewed();
      last = 0; // revisions begin with 1 again
    }

    String summary() {
      return (last <= 0 ? "" : ", last revision " + last)
          + (options.keys().equals(">") ? ", skipped " + skipped : "");
    }
  }

  private void get(Connection connection, Run run) throws Exception {
    KvReader kv = KvReader.open(connection, options.bucket, run);
    run.withoutSummary();
    var wanted = options.mode.get;
    long revision = wanted.revision();
    KeyValueEntry entry =
        kv.ask(it -> revision == 0 ? it.get(wanted.key()) : it.get(wanted.key(), revision));
    if (entry == null) {
      throw KvReader.nothing(wanted);
    }
    Entries.show(run.console(), entry.getOperation().name(), entry);
  }
}
