package io.github.natsexperiments.cli;

import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueOperation;
import java.time.Duration;
import java.time.ZonedDateTime;

/** How the lessons show an entry of a bucket. */
public final class Entries {
  private Entries() {}

  /**
   * Prints the line of an entry, with its age.
   *
   * @param operation what was done to the key: the entry's own word, or a better one
   */
  public static void show(Console console, String operation, KeyValueEntry entry) {
    long millis = Math.max(0, Duration.between(entry.getCreated(), ZonedDateTime.now()).toMillis());
    String age = millis / 1000 + "." + String.valueOf(1000 + millis % 1000).substring(1) + " s";
    console.entry(
        operation,
        entry.getKey(),
        entry.getRevision(),
        "age = \"" + age + "\"",
        entry.getOperation() == KeyValueOperation.PUT ? value(entry) : null);
  }

  /** The value; no bytes when there is none. */
  public static byte[] value(KeyValueEntry entry) {
    byte[] value = entry.getValue(); // null when it is empty
    return value == null ? new byte[0] : value;
  }
}
