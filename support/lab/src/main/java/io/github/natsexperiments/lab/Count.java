package io.github.natsexperiments.lab;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What came of the messages of one pair.
 *
 * @param published how many there were
 * @param acked how many the server has acknowledged
 * @param missing how many have never arrived
 * @param ackedAndMissing how many of these were acknowledged
 * @param twice how many arrived more than once
 * @param silence the longest time without a new message, in milliseconds, while the server was
 *     there again and something still had to come
 * @param noticed how many the subscriber says are missing; null when it does not say
 * @param arrivals when each message arrived, in milliseconds
 * @param outages when the server was away, in milliseconds
 * @param end when the run was over
 * @param publisher its exit code
 * @param subscriber its exit code, or that it was stopped
 * @param errors the last error of each program
 */
record Count(
    long published,
    long acked,
    long missing,
    long ackedAndMissing,
    long twice,
    long silence,
    Long noticed,
    List<Long> arrivals,
    List<Outage> outages,
    long end,
    String publisher,
    String subscriber,
    Map<String, String> errors) {

  /** The server was away. */
  record Outage(long from, long to) {
    private Outage until(long later) {
      return new Outage(from, later);
    }
  }

  /**
   * Counts.
   *
   * @param end when the run was over, in milliseconds
   * @param publisher its exit code
   * @param subscriber its exit code, or that it was stopped
   */
  static Count of(
      Outputs outputs, List<Outage> outages, long end, String publisher, String subscriber) {
    Map<Long, Integer> times = new HashMap<>();
    List<Long> firsts = new ArrayList<>();
    List<Long> all = new ArrayList<>();
    for (Outputs.Arrival arrival : outputs.arrivals()) {
      all.add(arrival.millis());
      if (times.merge(arrival.number(), 1, Integer::sum) == 1) {
        firsts.add(arrival.millis());
      }
    }
    long published = outputs.published();
    long arrived = times.keySet().stream().filter(number -> number < published).count();
    if (outputs.ackedAndMissing() > 0) {
      firsts.add(end); // it still had to come
    }
    return new Count(
        published,
        outputs.acked(),
        published - arrived,
        outputs.ackedAndMissing(),
        times.values().stream().filter(n -> n > 1).count(),
        silence(
            firsts, outages.stream().map(o -> o.until(outputs.firstPublication(o.to()))).toList()),
        outputs.missing(),
        all,
        List.copyOf(outages),
        end,
        publisher,
        subscriber,
        outputs.lastErrors());
  }

  /**
   * Whether the pair has kept what it promises: at most once without a server that stores, which is
   * no promise; else each message once, as long as the storage stays.
   */
  boolean isKept(Lesson lesson, Fault fault) {
    return lesson.keeps() == Lesson.Keeps.NOTHING
        || fault == Fault.RESTART_EMPTY
        || missing + twice == 0 && errors.isEmpty();
  }

  /** The longest gap between new messages since the first outage, without the outages in it. */
  private static long silence(List<Long> arrivals, List<Outage> outages) {
    long longest = 0;
    long before = outages.isEmpty() ? Long.MAX_VALUE : outages.get(0).to();
    for (long arrival : arrivals) {
      long gap = arrival - before;
      for (Outage outage : outages) {
        gap -= Math.max(0, Math.min(arrival, outage.to()) - Math.max(before, outage.from()));
      }
      longest = Math.max(longest, gap);
      before = Math.max(before, arrival);
    }
    return longest;
  }
}
