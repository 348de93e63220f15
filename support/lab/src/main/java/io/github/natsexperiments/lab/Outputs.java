package io.github.natsexperiments.lab;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a pair has printed, and when: the only thing that {@code ./lab break} counts, the same way
 * for every pair. Times are milliseconds since the first message. Thread-safe.
 */
final class Outputs {
  private static final Pattern PUBLISHED = Pattern.compile("^Published a message .*#\\d+");
  private static final Pattern ACK = Pattern.compile("^Ack: .*(?:sequence|revision) = \"(\\d+)\"");
  private static final Pattern FAILED = Pattern.compile("#\\d+ (?:failed|was refused)");
  private static final Pattern RECEIVED =
      Pattern.compile("^(?:Received a message|PUT key) (.*\\): .*)#(\\d+)");
  // Behind stream and consumer: deliveries, place in the stream, place in the consumer, time, left.
  private static final Pattern PLACE =
      Pattern.compile(
          "\\$JS\\.ACK\\.\\S+\\.\\d+\\.(\\d+)\\.\\d+\\.\\d+\\.\\d+|revision = \"(\\d+)\"");
  private static final Pattern MISSING = Pattern.compile("missing (\\d+)");

  /** A message has arrived. */
  record Arrival(long millis, long number) {}

  private final List<Long> publications = new ArrayList<>();
  private final List<Arrival> arrivals = new ArrayList<>();
  private final Set<String> acked = new HashSet<>();
  private final Set<String> places = new HashSet<>();
  private final Map<String, String> lastErrors = new TreeMap<>();
  private final Map<String, String> gone = new TreeMap<>();
  private int storage; // each time it is removed, the server begins again with 1
  private String lastAcked;
  private long lastTime;
  private long acks;
  private long failed;
  private Long missing;

  /** Takes a line of the publisher. */
  synchronized void publisher(boolean error, String line, long millis) {
    Matcher matcher;
    if (error) {
      failed += FAILED.matcher(line).find() ? 1 : 0;
      note(Pair.PUBLISHER, line);
    } else if ((matcher = ACK.matcher(line)).find()) {
      lastAcked = storage + "/" + matcher.group(1);
      acked.add(lastAcked);
      acks++;
      publications.add(lastTime = millis);
    } else if (PUBLISHED.matcher(line).find()) {
      publications.add(lastTime = millis);
    }
  }

  /** Takes a line of the subscriber. */
  synchronized void subscriber(boolean error, String line, long millis) {
    Matcher matcher;
    if (error) {
      matcher = MISSING.matcher(line);
      missing = matcher.find() ? Long.valueOf(matcher.group(1)) : missing;
      note(Pair.SUBSCRIBER, line);
    } else if ((matcher = RECEIVED.matcher(line)).find()) {
      arrivals.add(new Arrival(lastTime = millis, Long.parseLong(matcher.group(2))));
      Matcher place = PLACE.matcher(matcher.group(1));
      if (place.find()) {
        places.add(storage + "/" + (place.group(1) == null ? place.group(2) : place.group(1)));
      }
    } else if ((matcher = ACK.matcher(line)).find()) {
      places.add(storage + "/" + matcher.group(1)); // the lesson's shows the ack's subject once
    }
  }

  private void note(String program, String line) {
    if (line.startsWith("ERROR ") || line.startsWith("Exception in ")) {
      lastErrors.put(program, line.replaceFirst("^ERROR ", ""));
    } else if (line.startsWith("WARN ") && line.contains(" is gone")) {
      gone.put(program, line.replaceFirst("^WARN ", ""));
    }
  }

  /** The server's storage has been removed. */
  synchronized void wiped() {
    storage++;
  }

  /** How many messages the publisher has published, whatever became of them. */
  synchronized long published() {
    return publications.size() + failed;
  }

  /** How many of them the server has acknowledged; without acks 0. */
  synchronized long acked() {
    return acks;
  }

  /** How many that were acknowledged have not arrived. */
  synchronized long ackedAndMissing() {
    return acked.stream().filter(place -> !places.contains(place)).count();
  }

  /** When there was something to receive for the first time since then; that moment without any. */
  synchronized long firstPublication(long since) {
    return publications.stream().filter(millis -> millis >= since).findFirst().orElse(since);
  }

  /** When a message was published or arrived last. */
  synchronized long lastTime() {
    return lastTime;
  }

  /** Whether the message that was acknowledged last has arrived, or none was. */
  synchronized boolean hasLastAcked() {
    return lastAcked == null || places.contains(lastAcked);
  }

  /** All arrivals so far, in their order. */
  synchronized List<Arrival> arrivals() {
    return List.copyOf(arrivals);
  }

  /** How many the subscriber itself says are missing; null when it says nothing of that kind. */
  synchronized Long missing() {
    return missing;
  }

  /** The last error that each program has printed, without those that have printed none. */
  synchronized Map<String, String> lastErrors() {
    return new TreeMap<>(lastErrors);
  }

  /** What each program has said of storage that is gone, although it goes on. */
  synchronized Map<String, String> gone() {
    return new TreeMap<>(gone);
  }
}
