package io.github.natsexperiments.lab;

import java.io.PrintStream;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What {@code ./lab break} has counted, as a table and lines of bars.
 *
 * @param counts the pairs by name, in the order of the columns
 */
record Report(Lesson lesson, Fault fault, Map<String, Count> counts) {
  private static final int WIDTH = 60;
  private static final String LABEL = "%-8s";

  /** Prints all. */
  void print(PrintStream out) {
    boolean stored = lesson.keeps != Lesson.Keeps.NOTHING;
    out.println(line("", counts.keySet().stream()));
    row(out, "published", c -> c.outputs().published());
    if (stored) {
      row(out, "  acknowledged", c -> c.outputs().acked());
    }
    row(out, "never arrived", Count::missing);
    if (stored) {
      row(out, "  although acknowledged", c -> c.outputs().ackedAndMissing());
    } else {
      row(
          out,
          "  noticed by the subscriber",
          c -> Objects.requireNonNullElse(c.outputs().missing(), "no"));
    }
    row(out, "arrived twice", Count::twice);
    row(out, "longest silence", count -> Trial.seconds(count.silence()));
    row(out, "publisher's exit code", Count::publisher);
    row(out, "subscriber's exit code", Count::subscriber);
    out.println();
    long end = counts.values().stream().mapToLong(Count::end).max().orElse(1);
    Bars bars = new Bars(WIDTH - LABEL.formatted("").length(), end, isUtf8());
    counts.forEach((pair, count) -> out.println(LABEL.formatted(pair) + bars.line(count)));
    out.println(LABEL.formatted("") + bars.legend());
    for (String pair : counts.keySet()) {
      Map<String, String> said = counts.get(pair).outputs().gone();
      said.putAll(counts.get(pair).outputs().lastErrors());
      said.forEach((program, e) -> out.println("The " + pair + " " + program + ": " + e));
    }
    if (fault == Fault.RESTART_EMPTY && stored) {
      String what = lesson.keeps == Lesson.Keeps.STREAM ? "stream" : "bucket";
      out.println("The " + what + " is gone with the storage: what nobody had read is lost.");
    }
  }

  private void row(PrintStream out, String what, Function<Count, Object> value) {
    out.println(line(what, counts.values().stream().map(value)));
  }

  private static String line(String what, Stream<?> values) {
    StringBuilder line = new StringBuilder("%-32s".formatted(what));
    values.forEach(value -> line.append("%12s".formatted(value)));
    return line.toString();
  }

  /** Whether the terminal is; the launcher gives Java a locale of its own, and then says so. */
  private static boolean isUtf8() {
    return Stream.of("NATS_LAB_LOCALE", "LC_ALL", "LC_CTYPE", "LANG")
        .map(System.getenv()::get)
        .filter(locale -> locale != null && !locale.isEmpty())
        .findFirst()
        .filter(locale -> locale.matches("(?i).*utf-?8"))
        .isPresent();
  }
}
