package io.github.natsexperiments.resilience;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Which messages this process has acknowledged. A server writes acks down some time after it has
 * got them: one that is killed forgets the last ones (nats-server 2.9 all of them) and delivers
 * those messages again. For a thread of its own.
 *
 * <p>Only what was acknowledged before an interruption is recognised. Without one, a message that
 * comes again was too slow for the ack wait, which its handler has to know.
 *
 * <p>Stream sequences are kept as intervals, at most 10,000 of them; the oldest are forgotten.
 */
final class AckMemory {
  private static final int MOST_INTERVALS = 10_000;

  /** From the first sequence of an interval to its last. */
  private final NavigableMap<Long, Long> before = new TreeMap<>();

  private final NavigableMap<Long, Long> current = new TreeMap<>();
  private long newest; // when the newest of them was stored
  private long newestBefore;

  /**
   * The handler has acknowledged a message.
   *
   * @param stored when the stream has stored it
   */
  void add(long sequence, long stored) {
    newest = Math.max(newest, stored);
    Map.Entry<Long, Long> newest = current.lastEntry();
    if (newest != null && newest.getValue() == sequence - 1) {
      current.put(newest.getKey(), sequence); // the usual case, without a search
    } else {
      add(current, sequence, sequence);
    }
  }

  /** Whether a message was acknowledged before the last interruption. */
  boolean contains(long sequence) {
    Map.Entry<Long, Long> interval = before.floorEntry(sequence);
    return interval != null && interval.getValue() >= sequence;
  }

  /** Whether a message was stored after all that was acknowledged before the interruption. */
  boolean isNewer(long stored) {
    return stored > newestBefore;
  }

  /** From now on, what has been acknowledged so far may come again without reason. */
  void interrupted() {
    current.forEach((first, last) -> add(before, first, last));
    current.clear();
    newestBefore = newest;
  }

  /** The sequences after this one now mean other messages, or the same ones are wanted again. */
  void forgetAfter(long sequence) {
    for (NavigableMap<Long, Long> intervals : List.of(before, current)) {
      intervals.tailMap(sequence, false).clear();
      intervals.replaceAll((first, last) -> Math.min(last, sequence));
    }
  }

  private static void add(NavigableMap<Long, Long> intervals, long from, long to) {
    long first = from;
    long last = to;
    Map.Entry<Long, Long> other = intervals.floorEntry(last + 1);
    while (other != null && other.getValue() >= first - 1) { // they touch
      intervals.remove(other.getKey());
      first = Math.min(first, other.getKey());
      last = Math.max(last, other.getValue());
      other = intervals.floorEntry(last + 1);
    }
    intervals.put(first, last);
    if (intervals.size() > MOST_INTERVALS) {
      intervals.pollFirstEntry();
    }
  }
}
