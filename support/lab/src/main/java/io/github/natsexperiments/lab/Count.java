package io.github.natsexperiments.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What came of the messages of one pair. Times are milliseconds since the first message.
 *
 * @param outputs what the programs have printed
 * @param outages when the server was away
 * @param end when the run was over
 * @param publisher its exit code
 * @param subscriber its exit code, or that it was stopped
 */
record Count(Outputs outputs, List<Outage> outages, long end, String publisher, String subscriber) {

  /** The server was away. */
  record Outage(long from, long to) {}

  /** How many messages have never arrived. */
  long missing() {
    long published = outputs.published();
    return published - arrivals().keySet().stream().filter(number -> number < published).count();
  }

  /** How many messages have arrived more than once. */
  long twice() {
    return outputs.arrivals().size() - arrivals().size();
  }

  /** When each message arrived for the first time. */
  private Map<Long, Long> arrivals() {
    Map<Long, Long> first = new TreeMap<>();
    outputs.arrivals().forEach(arrival -> first.putIfAbsent(arrival.number(), arrival.millis()));
    return first;
  }

  /**
   * The longest time without a new message since the first outage, while the server was there again
   * and something was published.
   */
  long silence() {
    List<Long> times = new ArrayList<>(arrivals().values());
    times.sort(null);
    if (outputs.ackedAndMissing() > 0) {
      times.add(end); // it still had to come
    }
    long longest = 0;
    long before = outages.isEmpty() ? end : outages.get(0).to();
    for (long time : times) {
      long gap = time - before;
      for (Outage outage : outages) {
        long to = outputs.firstPublication(outage.to());
        gap -= Math.max(0, Math.min(time, to) - Math.max(before, outage.from()));
      }
      longest = Math.max(longest, gap);
      before = Math.max(before, time);
    }
    return longest;
  }

  /** Whether the pair has kept what it promises: each message once, if the server stores it. */
  boolean isKept(Lesson lesson, Fault fault) {
    return lesson.keeps == Lesson.Keeps.NOTHING
        || fault == Fault.RESTART_EMPTY
        || missing() + twice() == 0 && outputs.lastErrors().isEmpty();
  }
}
