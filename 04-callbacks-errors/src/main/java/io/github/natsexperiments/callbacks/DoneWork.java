package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.resilience.StoredRun;
import io.nats.client.Message;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Remembers which messages have been worked on, so that the work is done once although a message
 * may come again: a server that was killed can have forgotten acks, nats-server 2.9 even all of
 * them.
 *
 * <p>The ids {@code RUN-0}, {@code RUN-1}, … are kept as intervals, so the memory grows with the
 * gaps and not with the messages. It ends with the process: what must not happen twice even when
 * the process is killed needs work that can be repeated without harm, or a memory that is written
 * together with the work, in one database transaction.
 */
final class DoneWork {
  private static final String SEQUENCE = "sequence-";

  /** For each run the intervals that are done, from the first number to the last. */
  private final Map<String, NavigableMap<Long, Long>> runs = new HashMap<>();

  /** {@code RUN-NUMBER} from the publisher; another message has its place in the stream. */
  static String id(Message message) {
    String id = StoredRun.id(message.getHeaders());
    return StoredRun.number(id) >= 0 ? id : SEQUENCE + message.metaData().streamSequence();
  }

  /** Whether the work for this message has been done. */
  boolean contains(String id) {
    long number = StoredRun.number(id);
    Map.Entry<Long, Long> before = intervals(id).floorEntry(number);
    return before != null && before.getValue() >= number;
  }

  /** The work for this message, which was not contained, has been done. */
  void add(String id) {
    long number = StoredRun.number(id);
    NavigableMap<Long, Long> intervals = intervals(id);
    Map.Entry<Long, Long> before = intervals.lowerEntry(number);
    boolean touches = before != null && before.getValue() == number - 1;
    Long end = intervals.remove(number + 1);
    intervals.put(touches ? before.getKey() : number, end == null ? number : end);
  }

  /** What has no id of a publisher, and was stored after this sequence. */
  void forgetAfter(long sequence) {
    NavigableMap<Long, Long> intervals = intervals(SEQUENCE);
    intervals.tailMap(sequence, false).clear();
    intervals.replaceAll((first, last) -> Math.min(last, sequence));
  }

  private NavigableMap<Long, Long> intervals(String id) {
    return runs.computeIfAbsent(id.substring(0, id.lastIndexOf('-')), absent -> new TreeMap<>());
  }
}
