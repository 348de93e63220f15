package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Buckets;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.nats.client.Connection;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueStatus;
import java.io.IOException;
import java.time.Duration;

/**
 * The bucket that the publisher writes to.
 *
 * @param ttl how long each value lives; null for ever
 * @param increment whether the values are numbers to be added to
 * @param atServer whether the server adds, and not the publisher
 */
record TokenBucket(String name, int replicas, Duration ttl, boolean increment, boolean atServer) {
  private static final Duration MARKER_STAYS = Duration.ofHours(1);
  private static final int LONGEST_HISTORY = 64;

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
      // With a history, the server lets no value expire before the marker would.
      configuration.limitMarker(increment ? ttl : MARKER_STAYS);
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
    Duration marker = is.getLimitMarkerTtl();
    if (ttl != null
        && is.getMaxHistoryPerKey() > 1
        && marker != null
        && marker.compareTo(ttl) > 0) {
      String longer =
          "Bucket \"%s\" keeps each value for %d s at least, because its history is not 1; name"
              + " another --bucket";
      console.warn(longer.formatted(name, marker.toSeconds()));
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
