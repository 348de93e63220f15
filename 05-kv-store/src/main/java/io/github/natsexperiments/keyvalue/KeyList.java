package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.WatchLog;
import io.github.natsexperiments.resilience.ResumingWatch;
import io.nats.client.Connection;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueOperation;
import io.nats.client.api.KeyValueWatchOption;
import io.nats.client.api.KeyValueWatcher;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The keys that have a value: what a watch brings up to the end of the initial values. {@code
 * KeyValue.keys()} counts messages instead and takes a silence for the end: in a bucket that is
 * written, or when the server is slow, keys are missing or come twice.
 */
final class KeyList extends WatchLog implements KeyValueWatcher {
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(5);
  private static final byte[] NO_VALUE = {};

  private final KvSubscriberOptions options;
  private final Run run;
  private final Set<String> keys = new LinkedHashSet<>();

  KeyList(KvSubscriberOptions options, Run run) {
    super(options.bucket, run.stop());
    this.options = options;
    this.run = run;
  }

  /**
   * Prints each key once.
   *
   * @throws Failure exit code 5 when the server does not send them all
   */
  void print(Connection connection) throws Failure, IOException, InterruptedException {
    run.withoutSummary();
    Duration timeout = options.subscriber.timeout();
    Duration limit = timeout != null || options.follow ? timeout : LONGEST_SILENCE;
    try (ResumingWatch bucket =
        new ResumingWatch(connection, options.bucket, options.follow, this)) {
      String pattern = options.key == null ? ">" : options.key;
      bucket.watch(pattern, this, KeyValueWatchOption.META_ONLY);
      run.stop().await(limit, run.tally());
    }
    if (run.stop().reason() == Stop.Reason.TIMEOUT) {
      String gaveUp = "Gave up: the keys did not all come, and nothing for %d ms";
      throw new Failure(ExitCode.GAVE_UP, gaveUp.formatted(limit.toMillis()));
    }
    if (run.stop().reason() == Stop.Reason.DONE) {
      keys.forEach(run.console()::print);
    }
  }

  @Override
  public void watch(KeyValueEntry entry) {
    run.tally().add(NO_VALUE); // not too long a silence
    if (entry.getOperation() == KeyValueOperation.PUT) {
      keys.add(entry.getKey());
    } else {
      keys.remove(entry.getKey());
    }
  }

  @Override
  public void endOfData() {
    run.stop().ask(Stop.Reason.DONE);
  }

  @Override
  public void renewed() {
    super.renewed();
    keys.clear();
  }
}
