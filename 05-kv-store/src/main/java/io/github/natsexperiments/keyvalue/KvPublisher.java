package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.ConnectionLog;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.PublisherOptions;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.KeyValue;
import io.nats.client.KeyValueOptions;
import io.nats.client.Options;
import io.nats.client.api.KeyValueStatus;
import io.nats.client.api.MessageInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Puts values into a bucket of the Key/Value store, and deletes or purges keys.
 *
 * <p>Terminal 1: {@code java -jar 05-kv-store/target/publisher.jar}<br>
 * Terminal 2: {@code java -jar 05-kv-store/target/subscriber.jar}
 *
 * <p>Watch for this: the server answers every put with a revision. Revisions count the writes to
 * the whole bucket, not to the key.
 *
 * @see <a href="https://docs.nats.io/nats-concepts/jetstream/key-value-store">NATS documentation:
 *     Key/Value store</a>
 */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Puts values into a bucket of the Key/Value store.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar                        one value a second",
      "  java -jar publisher.jar --keys lamp,door -n 4  two keys in turn",
      "  java -jar publisher.jar --bucket ten --history 10",
      "  java -jar publisher.jar --delete lamp",
      "  echo lamp=on | java -jar publisher.jar --stdin",
      "  java -jar publisher.jar -n 100000 -i 0 -q --async"
    })
public final class KvPublisher implements Callable<Integer> {
  /** How long an answer of the server may take; without it, as long as connecting may take. */
  static final KeyValueOptions ANSWER_SOON =
      KeyValueOptions.builder().jsRequestTimeout(Duration.ofSeconds(2)).build();

  static final int BUCKET_NOT_FOUND = 10059; // "stream not found": a bucket is a stream
  private static final int LONGEST_KEY = 4096; // the server takes no longer line before a message

  private final ConnectionLog log = new ConnectionLog();

  @Spec private CommandSpec spec;
  @Mixin private CommonOptions common;
  @Mixin private BucketOptions bucket;

  @Mixin
  private PublisherOptions publisher =
      new PublisherOptions("Hello #{n} from Key/Value NATS publisher");

  @Option(
      names = {"--key", "--keys"},
      paramLabel = "KEY",
      split = ",",
      converter = KvNames.Key.class,
      description = "Key, or several that take turns: a,b,c. Default: key.")
  private List<String> keys = List.of("key");

  @ArgGroup private Removal removal;

  private static final class Removal {
    @Option(
        names = "--delete",
        paramLabel = "KEY",
        converter = KvNames.Key.class,
        description = "Delete KEY and exit: it has no value any more; its history stays.")
    private String delete;

    @Option(
        names = "--purge",
        paramLabel = "KEY",
        converter = KvNames.Key.class,
        description = "Delete KEY and its history, and exit.")
    private String purge;
  }

  private int window;

  @Option(
      names = "--async",
      paramLabel = "WINDOW",
      arity = "0..1",
      fallbackValue = "1000",
      description = "Do not wait for each answer: up to WINDOW puts (1000) are on their way.")
  private void setWindow(int puts) {
    if (puts < 1 || puts > PutWindow.LARGEST) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value '" + puts + "' for --async: it must be 1 to " + PutWindow.LARGEST);
    }
    window = puts;
  }

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new KvPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    try (Stop stop = Stop.onSignals();
        Connection connection = Connections.connect(options())) {
      Console console = common.console(stop);
      if (!connection.getServerInfo().isJetStreamAvailable()) {
        throw new Failure(
            ExitCode.FAILED, "JetStream is off on this server: start nats-server with -js");
      }
      KeyValueStatus status = bucket.open(connection.keyValueManagement(ANSWER_SOON), console);
      KeyValue kv = connection.keyValue(bucket.name(), ANSWER_SOON);
      if (removal != null) {
        remove(kv, console);
        return ExitCode.DONE;
      }
      PayloadSource payloads = publisher.payloads(stop, connection.getMaxPayload() + LONGEST_KEY);
      Tally stored = common.tally("Put", publisher.count(), false);
      try {
        if (window > 0) {
          putInWindow(payloads, console, stored, stop);
          return ExitCode.DONE;
        }
        long newest = status.getBackingStreamInfo().getStreamState().getLastSequence();
        SurePut puts = new SurePut(connection, kv, newest, stop);
        Put put;
        while ((put = next(payloads)) != null) {
          long revision = puts.put(put); // kv.put(key, value), if the server never goes away
          if (revision == SurePut.UNKNOWN) {
            console.warn("Stopped without an answer to the last put: it is stored or not");
            break;
          }
          console.stored(bucket.name(), put.key, revision);
          stored.add(put.value);
        }
      } catch (IllegalArgumentException e) {
        throw new Failure(
            ExitCode.FAILED,
            "A value is larger than the "
                + connection.getMaxPayload()
                + " bytes that the server takes (max_payload)",
            e);
      } finally {
        console.info(stored.summary());
      }
    }
    return ExitCode.DONE;
  }

  private Options options() {
    return Options.builder()
        .servers(common.servers())
        // The eight settings of lesson 01, where each has its comment.
        .connectionName("NATS Key/Value example publisher")
        .connectionTimeout(Duration.ofSeconds(10))
        .pingInterval(Duration.ofSeconds(20))
        .maxPingsOut(6)
        .maxReconnects(-1)
        .reconnectWait(Duration.ofSeconds(5))
        .connectionListener(log)
        .errorListener(log)
        .build();
  }

  private void putInWindow(PayloadSource payloads, Console console, Tally stored, Stop stop)
      throws Failure, InterruptedException {
    PutWindow.Listener listener =
        (put, revision) -> {
          if (revision != SurePut.UNKNOWN) {
            console.stored(bucket.name(), put.key, revision);
          }
          stored.add(put.value);
        };
    try (PutWindow puts =
        new PutWindow(options(), bucket.name(), window, listener, console, stop)) {
      try {
        Put put;
        while (puts.refused() == 0 && (put = next(payloads)) != null) {
          puts.put(put);
        }
      } finally {
        puts.finish();
      }
    }
  }

  private void remove(KeyValue kv, Console console) throws Failure {
    String key = removal.delete != null ? removal.delete : removal.purge;
    try {
      if (removal.delete != null) {
        kv.delete(key);
      } else {
        kv.purge(key);
      }
    } catch (IOException e) {
      throw new Failure(
          ExitCode.FAILED, "No answer: key \"" + key + "\" may be gone or not; try again", e);
    } catch (JetStreamApiException e) {
      throw refused(bucket.name(), e);
    }
    console.info((removal.delete != null ? "Deleted" : "Purged") + " key \"" + key + "\"");
  }

  /** A value on its way to a key. */
  record Put(String key, byte[] value) {
    boolean isIn(MessageInfo message) {
      byte[] data = message.getData(); // null when it is empty
      return Arrays.equals(data == null ? new byte[0] : data, value);
    }
  }

  private long puts;

  /** The keys take turns; a line of standard input names its own. */
  private Put next(PayloadSource payloads) throws Failure, InterruptedException {
    byte[] payload = payloads.next();
    if (payload == null) {
      return null;
    }
    Put put =
        publisher.stdin()
            ? fromLine(payload)
            : new Put(keys.get((int) (puts % keys.size())), payload);
    puts++;
    return put;
  }

  private Put fromLine(byte[] line) throws Failure {
    int equals = 0;
    while (equals < line.length && line[equals] != '=') {
      equals++;
    }
    String key = new String(line, 0, equals, StandardCharsets.UTF_8);
    if (equals == line.length || !KvNames.isKey(key)) {
      throw new Failure(
          ExitCode.FAILED, "Line " + (puts + 1) + " of standard input is not KEY=VALUE");
    }
    return new Put(key, Arrays.copyOfRange(line, equals + 1, line.length));
  }

  /** What the server says instead of storing something. */
  static Failure refused(String bucket, JetStreamApiException e) {
    String why =
        e.getApiErrorCode() == BUCKET_NOT_FOUND
            ? "it is gone: deleted, or kept in memory by a server that was restarted"
            : e.getErrorDescription();
    return new Failure(ExitCode.FAILED, "Bucket \"" + bucket + "\": " + why, e);
  }
}
