package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.Pace;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.SubscriberOptions;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Options;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatchOption;
import io.nats.client.api.KeyValueWatcher;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

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
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/key-value-store">NATS documentation:
 *     Key/Value store</a>
 */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Watches keys of a bucket of the Key/Value store.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar                 the value of \"key\", then each new one",
      "  java -jar subscriber.jar --key 'room.*'  all keys of that form",
      "  java -jar subscriber.jar --key '>'       all keys",
      "  java -jar subscriber.jar --history       older values first, as far as kept",
      "  java -jar subscriber.jar --from 120      go on after revision 119",
      "  java -jar subscriber.jar --list",
      "  java -jar subscriber.jar --get lamp      or an older value: --get lamp@7"
    })
public final class KvSubscriber implements Callable<Integer> {
  private final ConnectionLog log = new ConnectionLog();

  @Spec private CommandSpec spec;
  @Mixin private CommonOptions common;
  @Mixin private SubscriberOptions subscriber;

  @Option(
      names = "--bucket",
      paramLabel = "NAME",
      converter = KvNames.Bucket.class,
      description = "Bucket to read. Default: ${DEFAULT-VALUE}.")
  private String bucket = "sample_kv";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      converter = KvNames.KeyFilter.class,
      description = "Key; * is any one token, > the whole rest. Default: key; --list: all.")
  private String key;

  @Option(
      names = "--follow",
      description = "Wait for the bucket when there is none, and go on with one created anew.")
  private boolean follow;

  @ArgGroup private Mode mode = new Mode();

  /** What else to do than to watch the newest value of each key and all that follow. */
  private static final class Mode {
    @Option(
        names = "--from",
        paramLabel = "REVISION",
        description = "Watch all that is kept from REVISION on, old values of a key included.")
    private long from;

    @Option(names = "--history", description = "Watch all that is kept of each key.")
    private boolean history;

    @Option(names = "--updates-only", description = "Watch what is put from now on only.")
    private boolean updatesOnly;

    @Option(
        names = "--poll",
        paramLabel = "D",
        arity = "0..1",
        fallbackValue = "1s",
        converter = DurationConverter.class,
        description = "Do not watch: get the value again and again, every D (${FALLBACK-VALUE}).")
    private Duration poll;

    @Option(
        names = "--get",
        paramLabel = "KEY[@REVISION]",
        converter = KvReader.Wanted.Converter.class,
        description = "Show the value of KEY, or the one of that revision, and exit.")
    private KvReader.Wanted get;

    @Option(names = "--list", description = "List the keys that have a value, and exit.")
    private boolean list;
  }

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new KvSubscriber(), args));
  }

  @Override
  public Integer call() throws Exception {
    if (mode.from < 0) {
      throw usage("Invalid value '" + mode.from + "' for --from: revisions begin with 1");
    }
    if (mode.poll != null && !KvNames.isKey(watched())) {
      throw usage("'" + key + "' stands for several keys: --poll gets one");
    }
    try (Stop stop = Stop.onSignals();
        Connection connection = Connections.connect(options())) {
      Console console = common.console(stop);
      if (!connection.getServerInfo().isJetStreamAvailable()) {
        throw new Failure(
            ExitCode.FAILED, "JetStream is off on this server: start nats-server with -js");
      }
      if (mode.list) {
        open(connection, console).list(key);
      } else if (mode.get != null) {
        open(connection, console).get(mode.get);
      } else if (mode.poll != null) {
        poll(open(connection, console), console, stop);
      } else {
        watch(connection, console, stop);
      }
    }
    return ExitCode.DONE;
  }

  private Options options() {
    return Options.builder()
        .servers(common.servers())
        // The eight settings of lesson 01, where each has its comment.
        .connectionName("NATS Key/Value example subscriber")
        .connectionTimeout(Duration.ofSeconds(10))
        .pingInterval(Duration.ofSeconds(20))
        .maxPingsOut(6)
        .maxReconnects(-1)
        // A server that restarts is back in a second or two, and the watch shall be, too. When it
        // stays away, the usual 5 s are soon enough.
        .reconnectDelayHandler(
            round -> round <= 20 ? Duration.ofMillis(500) : Duration.ofSeconds(5))
        .connectionListener(log)
        .errorListener(log)
        .build();
  }

  private void watch(Connection connection, Console console, Stop stop) throws Exception {
    Tally received = common.tally("Received", subscriber.count(), false);
    String keys = watched();
    KeyValueWatchOption[] options =
        mode.history
            ? new KeyValueWatchOption[] {KeyValueWatchOption.INCLUDE_HISTORY}
            : mode.updatesOnly
                ? new KeyValueWatchOption[] {KeyValueWatchOption.UPDATES_ONLY}
                : new KeyValueWatchOption[] {};
    Shown shown = new Shown(console, received, stop);
    // KeyValue.watch(keys, shown, options) is the plain form, if the server never goes away.
    try (GaplessWatch watch =
        new GaplessWatch(
            connection, bucket, keys, shown, mode.from, options, follow, stop, console)) {
      watch.start();
      stop.await(subscriber.timeout(), received);
    } finally {
      console.info(received.summary() + shown.skipped(keys));
    }
    stop.throwFailure();
    if (stop.reason() == Stop.Reason.TIMEOUT) {
      throw gaveUp(keys);
    }
  }

  /** Shows what a watch brings, one entry after the other. */
  private final class Shown implements KeyValueWatcher {
    private final Console console;
    private final Tally received;
    private final Stop stop;
    private boolean initial = true;
    private long last;
    private long skipped;

    Shown(Console console, Tally received, Stop stop) {
      this.console = console;
      this.received = received;
      this.stop = stop;
    }

    @Override
    public void watch(KeyValueEntry entry) {
      if (received.messages() == subscriber.count()) {
        return; // on its way when the last one was counted
      }
      skipped += initial || last == 0 ? 0 : entry.getRevision() - last - 1;
      last = entry.getRevision();
      KvReader.show(entry, console);
      received.add(KvReader.valueOf(entry));
      if (received.messages() == subscriber.count()) {
        stop.ask(Stop.Reason.DONE);
      }
    }

    @Override
    public void endOfData() {
      initial = false;
      console.info("Initial values end here. Waiting for changes");
    }

    /** Revisions that a watch of all keys has not seen: they were overwritten too soon. */
    String skipped(String keys) {
      return (last == 0 ? "" : ", last revision " + last)
          + (keys.equals(">") ? ", skipped " + skipped : "");
    }
  }

  /** The way without a watch, which tells neither what was in between nor that nothing changed. */
  private void poll(KvReader reader, Console console, Stop stop) throws Exception {
    Tally received = common.tally("Got", subscriber.count(), false);
    boolean inTime = reader.poll(watched(), new Pace(mode.poll, stop), subscriber, received);
    console.info(received.summary());
    if (!inTime) {
      throw gaveUp(watched());
    }
  }

  private KvReader open(Connection connection, Console console) throws Failure, IOException {
    try {
      return new KvReader(connection.keyValue(bucket, KvPublisher.ANSWER_SOON), console);
    } catch (IOException e) {
      if (e.getCause() instanceof JetStreamApiException) {
        throw new Failure(
            ExitCode.FAILED,
            "There is no bucket \"" + bucket + "\": start publisher.jar, which creates it",
            e);
      }
      throw e;
    }
  }

  private String watched() {
    return key == null ? "key" : key;
  }

  private Failure gaveUp(String keys) {
    return new Failure(
        ExitCode.GAVE_UP,
        "Gave up: nothing for key \""
            + keys
            + "\" within "
            + subscriber.timeout().toMillis()
            + " ms");
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
