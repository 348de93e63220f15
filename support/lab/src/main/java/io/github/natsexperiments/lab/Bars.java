package io.github.natsexperiments.lab;

import java.util.Locale;
import java.util.stream.IntStream;

/** Messages per slice of time as a line of bars, with a mark where the server was away. */
final class Bars {
  private static final String BLOCKS = " ▁▂▃▄▅▆▇█";
  private static final String ASCII = " .:-=+*#@";

  private final boolean utf8;
  private final int width;
  private final long slice;

  /**
   * @param width columns of a line
   * @param end the last moment of all lines, in milliseconds
   * @param utf8 whether the terminal knows more than ASCII
   */
  Bars(int width, long end, boolean utf8) {
    this.utf8 = utf8;
    this.width = width;
    this.slice = Math.max(1, -Math.floorDiv(-end, width));
  }

  /** The line of a pair; a message is as high as the slice with most messages allows. */
  String line(Count count) {
    int[] messages = new int[width];
    count.outputs().arrivals().forEach(arrival -> messages[column(arrival.millis())]++);
    int most = Math.max(1, IntStream.of(messages).max().orElse(1));
    String levels = utf8 ? BLOCKS : ASCII;
    StringBuilder line = new StringBuilder();
    for (int number : messages) {
      // Logarithmic: else a backlog that comes at once would hide all the rest.
      double height = Math.log1p(number) / Math.log1p(most);
      line.append(levels.charAt((int) Math.ceil(height * (levels.length() - 1))));
    }
    for (Count.Outage outage : count.outages()) {
      for (int i = column(outage.from()); i <= column(outage.to()); i++) {
        line.setCharAt(i, mark());
      }
    }
    return line.toString().stripTrailing();
  }

  private int column(long millis) {
    return (int) Math.max(0, Math.min(width - 1, millis / slice));
  }

  private char mark() {
    return utf8 ? '×' : 'x';
  }

  /** What the lines show. */
  String legend() {
    return String.format(
        Locale.ROOT, "messages per %.1f s; %c: the server was away", slice / 1000.0, mark());
  }
}
