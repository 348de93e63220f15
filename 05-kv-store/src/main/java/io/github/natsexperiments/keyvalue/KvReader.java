package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.Pace;
import io.github.natsexperiments.cli.SubscriberOptions;
import io.github.natsexperiments.cli.Tally;
import io.nats.client.JetStreamApiException;
import io.nats.client.KeyValue;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueOperation;
import java.io.IOException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What can be read of a bucket without a watch, and how an entry is shown. */
record KvReader(KeyValue kv, Console console) {

  /** What {@code --get} names; revision 0 stands for the newest one. */
  record Wanted(String key, long revision) {
    static final class Converter implements ITypeConverter<Wanted> {
      private static final Pattern FORM = Pattern.compile("([^@]+)(?:@([1-9]\\d{0,17}))?");

      @Override
      public Wanted convert(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches() || !KvNames.isKey(form.group(1))) {
          throw new TypeConversionException("'" + text + "': write KEY or KEY@REVISION");
        }
        return new Wanted(form.group(1), form.group(2) == null ? 0 : Long.parseLong(form.group(2)));
      }
    }
  }

  /** Shows the keys that have a value; those of a pattern, or all with null. */
  void list(String pattern) throws IOException, JetStreamApiException, InterruptedException {
    for (String key : pattern == null ? kv.keys() : kv.keys(pattern)) {
      console.print(key);
    }
  }

  /**
   * Shows one value.
   *
   * @throws Failure exit code 1 when there is none
   */
  void get(Wanted wanted) throws Failure, IOException, JetStreamApiException {
    String key = wanted.key;
    KeyValueEntry entry = wanted.revision == 0 ? kv.get(key) : kv.get(key, wanted.revision);
    if (entry == null) {
      throw new Failure(
          ExitCode.FAILED,
          wanted.revision == 0
              ? "Key \"" + key + "\" has no value: it was never put, or is deleted"
              : "Revision "
                  + wanted.revision
                  + " is no value of key \""
                  + key
                  + "\": another key's, a delete, or not kept any more (publisher.jar --history)");
    }
    show(entry, console);
  }

  /**
   * Shows what a key holds, again and again.
   *
   * @param limits how often, and how long it may hold nothing
   * @return whether it held something in time
   */
  boolean poll(String key, Pace pace, SubscriberOptions limits, Tally received)
      throws JetStreamApiException, InterruptedException {
    long lastValue = System.nanoTime();
    while (received.messages() < limits.count() && pace.next()) {
      try {
        KeyValueEntry entry = newest(key);
        if (entry != null) {
          show(entry, console);
          received.add(valueOf(entry));
          lastValue = System.nanoTime();
        } else {
          console.info("Key \"" + key + "\" has never had a value");
        }
      } catch (IOException e) {
        console.warn("No answer: " + e.getMessage());
      }
      if (limits.timeout() != null && System.nanoTime() - lastValue > limits.timeout().toNanos()) {
        return false;
      }
    }
    return true;
  }

  /** The value, or how the key lost it: get() alone returns null when there is none. */
  private KeyValueEntry newest(String key)
      throws IOException, JetStreamApiException, InterruptedException {
    KeyValueEntry entry = kv.get(key);
    if (entry != null) {
      return entry;
    }
    List<KeyValueEntry> history = kv.history(key);
    return history.isEmpty() ? null : history.get(history.size() - 1);
  }

  static void show(KeyValueEntry entry, Console console) {
    long millis = Math.max(0, Duration.between(entry.getCreated(), ZonedDateTime.now()).toMillis());
    String age = millis / 1000 + "." + String.valueOf(1000 + millis % 1000).substring(1) + " s";
    console.entry(
        entry.getOperation().name(),
        entry.getKey(),
        entry.getRevision(),
        "age = \"" + age + "\"",
        entry.getOperation() == KeyValueOperation.PUT ? valueOf(entry) : null);
  }

  static byte[] valueOf(KeyValueEntry entry) {
    byte[] value = entry.getValue(); // null when it is empty
    return value == null ? new byte[0] : value;
  }
}
