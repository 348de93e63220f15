package io.github.natsexperiments.callbacks;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Remembers what has been worked on, by message id, so that the work is done once although a
 * message may come again. The memory is bounded, and it ends with the process: what must not happen
 * twice even when the process is killed needs work that can be repeated without harm, or a memory
 * that is written together with the work, in one database transaction.
 */
final class DoneWork {
  /** Far more than can be delivered again: the server waits for that many acks at most, 1,000. */
  private static final int REMEMBERED = 100_000;

  private final Map<String, Boolean> ids =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > REMEMBERED;
        }
      };

  /** Whether the work for this message has been done. */
  boolean contains(String id) {
    return ids.containsKey(id);
  }

  /** The work for this message has been done. */
  void add(String id) {
    ids.put(id, true);
  }
}
