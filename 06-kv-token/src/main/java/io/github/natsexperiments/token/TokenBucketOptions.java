package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Buckets;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.Numbers;
import io.nats.client.Connection;
import io.nats.client.MessageTtl;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueStatus;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The bucket and the key that the publisher writes to, and how. */
final class TokenBucketOptions {
  private static final Duration MARKER_STAYS = Duration.ofHours(1);
  private static final int LONGEST_HISTORY = 64;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--bucket",
      paramLabel = "NAME",
      converter = KvNames.Bucket.class,
      description = "Bucket to write to; created when there is none. Default: ${DEFAULT-VALUE}.")
  private String name = "sample_kv";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      converter = KvNames.Key.class,
      description = "Key to write to. Default: ${DEFAULT-VALUE}.")
  private String key = "key";

  private boolean increment;
  private boolean atServer;
  private int replicas = 1;
  private MessageTtl ttl;

  @Option(
      names = "--increment",
      paramLabel = "server",
      arity = "0..1",
      description =
          "Add 1 to the number in the key, at every message; others may do the same. With"
              + " \"server\" the server adds; needs nats-server 2.12 or newer.")
  private void setIncrement(String where) {
    if (!where.isEmpty() && !where.equals("server")) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value '" + where + "' for --increment: only server");
    }
    increment = true;
    atServer = !where.isEmpty();
  }

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "New bucket: how many servers of a cluster keep it, 1 to 5. Default: 1.")
  private void setReplicas(int value) {
    replicas = (int) Numbers.upTo(5, spec, "--replicas", value);
  }

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

  String name() {
    return name;
  }

  String key() {
    return key;
  }

  boolean increment() {
    return increment;
  }

  /** Whether the server adds, and not the publisher. */
  boolean atServer() {
    return atServer;
  }

  /** How long each value lives; null for ever. */
  MessageTtl ttl() {
    return ttl;
  }

  /** Checks what picocli cannot. */
  void check() {
    if (atServer && ttl != null) {
      throw new ParameterException(
          spec.commandLine(), "--increment server counts for ever: leave out --ttl");
    }
  }

  /** The number that a key holds; 0 when it has no value. */
  long numberIn(KeyValueEntry entry) throws Failure {
    try {
      return entry == null ? 0 : Long.parseLong(entry.getValueAsString());
    } catch (NumberFormatException e) {
      String why = "Key \"%s\" holds no number: name another one, such as --key counter";
      throw new Failure(ExitCode.FAILED, why.formatted(key), e);
    }
  }

  /**
   * Creates the bucket unless it exists. One with another configuration is used as it is.
   *
   * @throws Failure exit code 1 when the server cannot have this bucket, or is too old for it
   */
  void open(Connection connection, Console console)
      throws Failure, IOException, InterruptedException {
    KeyValueConfiguration.Builder configuration =
        KeyValueConfiguration.builder(name).replicas(replicas);
    if (ttl != null) {
      // An older server would take the value, and keep it for ever.
      require(connection, "2.11.0", "Values that expire need nats-server 2.11 or newer");
      // Allows a lifetime for each value, and leaves a marker when one ends: watchers see it.
      configuration.limitMarker(MARKER_STAYS);
    }
    if (increment) {
      // A server that was killed knows the ids of those values only that it has kept: with others
      // writing to the key, one value is not enough.
      configuration.maxHistoryPerKey(LONGEST_HISTORY);
      requireChecksOf(replicas, connection);
    }
    if (atServer) {
      // An older server would store the message, and add nothing.
      require(connection, "2.12.0", "--increment server needs nats-server 2.12 or newer");
      ServerCounter.open(connection, configuration.build());
      return;
    }
    KeyValueStatus is = Buckets.open(connection, configuration.build());
    if (increment) {
      requireChecksOf(is.getReplicas(), connection);
    }
    if (increment && is.getMaxHistoryPerKey() < LONGEST_HISTORY) {
      String risk =
          "Bucket \"%s\" keeps %d of the %d newest values: if the server crashes, an increment may"
              + " count twice; --increment creates a --bucket that is safe";
      console.warn(risk.formatted(name, is.getMaxHistoryPerKey(), LONGEST_HISTORY));
    }
  }

  /**
   * In a bucket with several copies, older servers compare revisions too early: of two simultaneous
   * updates both are stored, and an addition is lost.
   */
  private static void requireChecksOf(int copies, Connection connection) throws Failure {
    if (copies > 1) {
      String needs = "--increment with several replicas needs nats-server 2.9.21 or newer";
      require(connection, "2.9.21", needs + ", or it loses additions");
    }
  }

  private static void require(Connection connection, String version, String why) throws Failure {
    if (!connection.getServerInfo().isSameOrNewerThanVersion(version)) {
      throw new Failure(
          ExitCode.FAILED, why + "; this is " + connection.getServerInfo().getVersion());
    }
  }
}
