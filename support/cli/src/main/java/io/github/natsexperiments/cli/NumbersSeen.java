package io.github.natsexperiments.cli;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * Which numbers of a publisher's run have come, in whatever order: one bit for each, in pages, and
 * a page that is full costs next to nothing.
 */
final class NumbersSeen {
  private static final int PAGE = 1 << 15;
  private static final BitSet FULL = new BitSet(0);

  private final Map<Long, BitSet> pages = new HashMap<>();
  private long currentPage = -1;
  private BitSet current;

  private final long first;
  private long last;
  private long distinct; // from the first on

  /**
   * @param first the number that came first; those before it are not expected, because a subscriber
   *     that resumes begins in the middle
   */
  NumbersSeen(long first) {
    this.first = first;
    this.last = first;
  }

  /**
   * Notes a number.
   *
   * @return whether it is new
   */
  boolean add(long number) {
    long page = number / PAGE;
    if (page != currentPage) {
      current = pages.computeIfAbsent(page, absent -> new BitSet());
      currentPage = page;
    }
    int bit = (int) (number % PAGE);
    if (current == FULL || current.get(bit)) {
      return false;
    }
    current.set(bit);
    if (bit == PAGE - 1 || number < last) {
      dropIfFull();
    }
    distinct += number < first ? 0 : 1;
    last = Math.max(last, number);
    return true;
  }

  private void dropIfFull() {
    if (current.nextClearBit(0) == PAGE) {
      current = FULL;
      pages.put(currentPage, FULL);
    }
  }

  /** The highest number so far. */
  long last() {
    return last;
  }

  /** How many numbers between the first one and the highest have not come. */
  long missing() {
    return last - first + 1 - distinct;
  }
}
