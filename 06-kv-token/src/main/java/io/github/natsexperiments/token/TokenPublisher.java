package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.PayloadSource;
import io.github.natsexperiments.cli.PublisherOptions;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.KeyValueManagement;
import io.nats.client.MessageTtl;
import io.nats.client.NUID;
import io.nats.client.Options;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

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
 * none overwrites what the other has added.
 *
 * @see <a
 *     href="https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/tokens">NATS
 *     documentation: tokens</a>
 */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Puts values into a bucket, logged in with a token.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar --token-file 06-kv-token/token/token",
      "  NATS_TOKEN=... java -jar publisher.jar -n 5",
      "  java -jar publisher.jar                 asks for the token",
      "  java -jar publisher.jar --key counter --increment -n 100 -i 0",
      "  java -jar publisher.jar --bucket fading --ttl 5s"
    })
public final class TokenPublisher implements Callable<Integer> {
  private static final Duration MARKER_STAYS = Duration.ofHours(1);
  private static final byte[] NO_TEXT = {};
  private static final int LONGEST_HISTORY = 64;
  private static final int MOST_REPLICAS = 5;
  private static final int LONGEST_JITTER_MILLIS = 50;

  private static final int BUCKET_NOT_FOUND = 10059;
  private static final int EXISTS_WITH_OTHER_CONFIGURATION = 10058;
  private static final int WRONG_REVISION = 10071;
  private static final int WRONG_REVISION_IN_CLUSTER = 10164; // since nats-server 2.11
  private static final int NO_CLUSTER = 10074;
  private static final int NO_TTL_IN_THIS_BUCKET = 10166;

  @Spec private CommandSpec spec;
  @Mixin private CommonOptions common;
  @Mixin private TokenOptions tokens;

  @Mixin
  private PublisherOptions publisher =
      new PublisherOptions("Hello #{n} from Key/Value NATS publisher");

  @Option(
      names = "--bucket",
      paramLabel = "NAME",
      converter = KvNames.Bucket.class,
      description = "Bucket to write to; created when there is none. Default: ${DEFAULT-VALUE}.")
  private String bucket = "sample_kv";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      converter = KvNames.Key.class,
      description = "Key to write to. Default: ${DEFAULT-VALUE}.")
  private String key = "key";

  @Option(
      names = "--increment",
      description = "Add 1 to the number in the key, at every message; others may do the same.")
  private boolean increment;

  private int replicas = 1;

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "New bucket: how many servers of a cluster keep it, 1 to 5. Default: 1.")
  private void setReplicas(int value) {
    if (value < 1 || value > MOST_REPLICAS) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value '" + value + "' for --replicas: it must be 1 to 5");
    }
    replicas = value;
  }

  private MessageTtl ttl;

  @Option(
      names = "--ttl",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "The value expires after D, whole seconds; needs nats-server 2.11 or newer.")
  private void setTtl(Duration duration) {
    if (duration.toSeconds() < 1 || duration.getNano() != 0) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for --ttl: it must be whole seconds, 1s or more");
    }
    ttl = MessageTtl.seconds((int) Math.min(Integer.MAX_VALUE, duration.toSeconds()));
  }

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new TokenPublisher(), args));
  }

  @Override
  public Integer call() throws Exception {
    Token token = tokens.find(common.servers());
    try (Stop stop = Stop.onSignals()) {
      TokenListener listener = new TokenListener(token, stop);
      // Nats.connect(options) would do, but would keep a rejected token to itself for 10 s.
      try (Connection connection =
          Connections.connect(options(token, listener), listener::whyRejected)) {
        listener.connected(connection);
        Console console = common.console(stop);
        open(connection, console);
        publish(connection, console, stop);
        stop.throwFailure();
      }
    }
    return ExitCode.DONE;
  }

  private static Options options(Token token, TokenListener listener) {
    return Options.builder()
        .servers(token.servers())
        // Asked at every connect, so a token that was replaced is found. Options.token(char[]) is
        // the form for one that never changes.
        .tokenSupplier(token)
        // The eight settings of lesson 01, where each has its comment.
        .connectionName("NATS token example publisher")
        .connectionTimeout(Duration.ofSeconds(10))
        .pingInterval(Duration.ofSeconds(20))
        .maxPingsOut(6)
        .maxReconnects(-1)
        .reconnectWait(Duration.ofSeconds(5))
        .connectionListener(listener)
        .errorListener(listener)
        .build();
  }

  /** Creates the bucket unless it exists. */
  private void open(Connection connection, Console console)
      throws Failure, IOException, JetStreamApiException {
    if (!connection.getServerInfo().isJetStreamAvailable()) {
      throw new Failure(
          ExitCode.FAILED, "JetStream is off on this server: start nats-server with -js");
    }
    KeyValueConfiguration.Builder configuration =
        KeyValueConfiguration.builder(bucket).replicas(replicas);
    if (ttl != null) {
      // An older server would take the value, and keep it for ever.
      if (!connection.getServerInfo().isSameOrNewerThanVersion("2.11.0")) {
        throw new Failure(
            ExitCode.FAILED,
            "Values that expire need nats-server 2.11 or newer; this is "
                + connection.getServerInfo().getVersion());
      }
      // Allows a lifetime for each value, and leaves a marker when one ends: watchers see it.
      configuration.limitMarker(MARKER_STAYS);
    }
    if (increment) {
      // A server that was killed knows the ids of those values only that it has kept: with others
      // writing to the key, one value is not enough.
      configuration.maxHistoryPerKey(LONGEST_HISTORY);
      requireChecksOf(replicas, connection);
    }
    KeyValueManagement management = connection.keyValueManagement();
    try {
      management.create(configuration.build());
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() != EXISTS_WITH_OTHER_CONFIGURATION) {
        throw refused(e);
      }
      KeyValueStatus existing = management.getStatus(bucket);
      long history = existing.getMaxHistoryPerKey();
      if (increment) {
        requireChecksOf(existing.getReplicas(), connection);
      }
      if (increment && history < LONGEST_HISTORY) {
        console.warn(
            "Bucket \""
                + bucket
                + "\" keeps "
                + history
                + " of the "
                + LONGEST_HISTORY
                + " newest values: if the server crashes, an increment may count twice;"
                + " --increment creates a --bucket that is safe");
      }
    }
  }

  /**
   * In a bucket with several copies, servers before 2.9.21 look at the revision too early: of two
   * updates at the same time both are stored, and an addition is lost.
   */
  private static void requireChecksOf(int copies, Connection connection) throws Failure {
    if (copies > 1 && !connection.getServerInfo().isSameOrNewerThanVersion("2.9.21")) {
      throw new Failure(
          ExitCode.FAILED,
          "--increment with several replicas needs nats-server 2.9.21 or newer, or it loses"
              + " additions; this is "
              + connection.getServerInfo().getVersion());
    }
  }

  private void publish(Connection connection, Console console, Stop stop) throws Exception {
    PayloadSource payloads = publisher.payloads(stop, connection.getMaxPayload());
    Tally stored = common.tally(increment ? "Added" : "Put", publisher.count(), false);
    KeyWriter writer = new KeyWriter(connection, bucket, key, ttl, stop);
    String run = NUID.nextGlobal();
    try {
      byte[] payload;
      while ((payload = payloads.next()) != null) {
        String id = run + "-" + stored.messages();
        boolean done =
            increment ? increment(writer, id, console, stop) : put(writer, payload, id, console);
        if (!done) {
          console.warn("Stopped without an answer to the last write: it is stored or not");
          break;
        }
        stored.add(increment ? NO_TEXT : payload);
      }
    } catch (JetStreamApiException e) {
      throw refused(e);
    } finally {
      console.info(stored.summary());
    }
  }

  private boolean put(KeyWriter writer, byte[] value, String id, Console console)
      throws Failure, JetStreamApiException, InterruptedException {
    // In its plain form: kv.put(key, value)
    long revision = writer.write(value, KeyWriter.ANY_REVISION, id);
    if (revision > 0) {
      console.stored(bucket, key, revision);
    }
    return revision > 0;
  }

  /**
   * Adds 1 to the number in the key, and loses nobody's addition. The sum is stored only if the key
   * still holds what was read; if not, all begins anew.
   *
   * @param id of this addition: whatever is tried for it, it is stored once
   */
  private boolean increment(KeyWriter writer, String id, Console console, Stop stop)
      throws Failure, JetStreamApiException, InterruptedException {
    for (int attempt = 1; !stop.asked(); attempt++) {
      KeyWriter.Newest now = writer.newest();
      if (now == null) {
        break;
      }
      if (id.equals(now.id())) {
        return true; // stored by an attempt before, whose answer was lost
      }
      long sum = numberIn(now.value()) + 1;
      try {
        // In its plain form: kv.create(key, value) when the key has none, else
        // kv.update(key, value, entry.getRevision()).
        byte[] value = Long.toString(sum).getBytes(StandardCharsets.US_ASCII);
        long revision = writer.write(value, now.revision(), id);
        if (revision > 0) {
          console.stored(bucket, key, revision, "value = \"" + sum + "\"");
        }
        return revision > 0;
      } catch (JetStreamApiException e) {
        if (e.getApiErrorCode() != WRONG_REVISION
            && e.getApiErrorCode() != WRONG_REVISION_IN_CLUSTER) {
          throw e;
        }
        // Somebody else was faster. A random wait, longer with each attempt, keeps those who were
        // too late from meeting again.
        int longest = Math.min(1 << Math.min(attempt, 10), LONGEST_JITTER_MILLIS);
        stop.sleep(Duration.ofMillis(ThreadLocalRandom.current().nextInt(longest + 1)));
      }
    }
    return false;
  }

  private long numberIn(byte[] value) throws Failure {
    try {
      return value == null ? 0 : Long.parseLong(new String(value, StandardCharsets.UTF_8));
    } catch (NumberFormatException e) {
      throw new Failure(
          ExitCode.FAILED,
          "Key \"" + key + "\" holds no number: name another one, such as --key counter",
          e);
    }
  }

  private Failure refused(JetStreamApiException e) {
    String why =
        switch (e.getApiErrorCode()) {
          case BUCKET_NOT_FOUND ->
              "it is gone: deleted, or kept in memory by a server that was restarted";
          case NO_CLUSTER -> "only a cluster keeps several copies: leave out --replicas";
          case NO_TTL_IN_THIS_BUCKET ->
              "it was created without --ttl, so its values cannot expire; name another --bucket";
          default -> e.getErrorDescription();
        };
    return new Failure(ExitCode.FAILED, "Bucket \"" + bucket + "\": " + why, e);
  }
}
