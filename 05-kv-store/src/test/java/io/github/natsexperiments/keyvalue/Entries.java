package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the lines of the two programs mean. */
final class Entries {
  private static final Pattern ENTRY =
      Pattern.compile(
          "(PUT|DELETE|PURGE) key \"([^\"]+)\" \\(revision = \"(\\d+)\", age = \"\\d+\\.\\d{3} s\"\\)"
              + "(?:: (.*))?");

  private Entries() {}

  /** A line of the subscriber; the value is null after a delete or purge. */
  record Entry(String operation, String key, long revision, String value) {
    static Entry put(String key, long revision, String value) {
      return new Entry("PUT", key, revision, value);
    }
  }

  /** Starts a subscriber and waits until it has shown what there is. */
  static RunningProgram watching(Program subscriber) {
    RunningProgram running = subscriber.start();
    running.waitForStderr("Initial values end here");
    return running;
  }

  /** All that the subscriber has shown, and nothing that is not an entry. */
  static List<Entry> entries(RunningProgram subscriber) {
    return subscriber.stdoutLines().stream().map(Entries::entry).toList();
  }

  private static Entry entry(String line) {
    Matcher matcher = ENTRY.matcher(line);
    if (!matcher.matches()) {
      throw new AssertionError("not an entry: " + line);
    }
    return new Entry(
        matcher.group(1), matcher.group(2), Long.parseLong(matcher.group(3)), matcher.group(4));
  }

  /** The line that a put makes in the publisher. */
  static String ack(String bucket, String key, long revision) {
    return "Ack: bucket = \"%s\", key = \"%s\", revision = \"%d\"".formatted(bucket, key, revision);
  }
}
