package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Buckets;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.Numbers;
import io.nats.client.Connection;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueStatus;
import io.nats.client.api.StorageType;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The bucket that a publisher writes to, and how it is created when there is none.
 *
 * @see <a href="https://docs.nats.io/learn/key-value/your-first-bucket">NATS documentation:
 *     Key/Value store</a>
 */
final class BucketOptions {
  private static final int LONGEST_HISTORY = 64;
  private static final int MOST_REPLICAS = 5;

  /** Where the values are kept. */
  enum Storage {
    file,
    memory
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--bucket",
      paramLabel = "NAME",
      converter = KvNames.Bucket.class,
      description = "Bucket to write to; created when there is none. Default: ${DEFAULT-VALUE}.")
  private String name = "sample_kv";

  // The others have no initial value: an existing bucket is only compared with what was asked for.
  private Integer history;

  @Option(
      names = "--ttl-bucket",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "New bucket: values disappear when they are that old. Default: never.")
  private Duration ttl;

  @Option(
      names = "--storage",
      paramLabel = "WHERE",
      description = "New bucket: ${COMPLETION-CANDIDATES}. Default: file.")
  private Storage storage;

  private Integer replicas;
  private Integer maxValueSize;

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "New bucket: how many servers of a cluster keep it, 1 to 5. Default: 1.")
  private void setReplicas(int servers) {
    replicas = (int) Numbers.upTo(MOST_REPLICAS, spec, "--replicas", servers);
  }

  @Option(
      names = "--max-value-size",
      paramLabel = "BYTES",
      description = "New bucket: longest value. Default: the server's limit for any message.")
  private void setMaxValueSize(int bytes) {
    maxValueSize = (int) Numbers.positive(spec, "--max-value-size", bytes);
  }

  @Option(
      names = "--history",
      paramLabel = "N",
      description = "New bucket: how many values of each key are kept, 1 to 64. Default: 1.")
  private void setHistory(int values) {
    history = (int) Numbers.upTo(LONGEST_HISTORY, spec, "--history", values);
  }

  /** The bucket's name. */
  String name() {
    return name;
  }

  /**
   * Creates the bucket unless it exists. One with another configuration is used as it is, and what
   * differs is logged.
   *
   * @throws Failure exit code 1 when the server cannot have this bucket
   */
  void open(Connection connection, Console console)
      throws Failure, IOException, InterruptedException {
    KeyValueStatus is = Buckets.open(connection, configuration());
    List<String> differences = new ArrayList<>();
    compare(differences, "history", history, (int) is.getMaxHistoryPerKey());
    compare(differences, "ttl", ttl, is.getTtl());
    String kept = is.getStorageType() == StorageType.Memory ? "memory" : "file";
    compare(differences, "storage", storage == null ? null : storage.name(), kept);
    compare(differences, "replicas", replicas, is.getReplicas());
    compare(differences, "max-value-size", maxValueSize, is.getMaximumValueSize());
    if (!differences.isEmpty()) {
      console.warn(
          "Bucket \"" + name + "\" exists and is used as it is: " + String.join(", ", differences));
    }
  }

  private KeyValueConfiguration configuration() {
    KeyValueConfiguration.Builder builder =
        KeyValueConfiguration.builder(name)
            .maxHistoryPerKey(history == null ? 1 : history)
            .storageType(storage == Storage.memory ? StorageType.Memory : StorageType.File)
            .replicas(replicas == null ? 1 : replicas);
    if (ttl != null) {
      builder.ttl(ttl);
    }
    if (maxValueSize != null) {
      builder.maximumValueSize(maxValueSize);
    }
    return builder.build();
  }

  private static void compare(List<String> differences, String what, Object asked, Object is) {
    if (asked != null && !asked.equals(is)) {
      differences.add(what + " is " + is + ", not " + asked);
    }
  }
}
