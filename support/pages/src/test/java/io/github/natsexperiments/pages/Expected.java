package io.github.natsexperiments.pages;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks for the output that a page shows in what a terminal really shows. The lines follow each
 * other without another one between them, but for a line {@code …}, which stands for any number.
 *
 * <p>{@code lab run} shows the streams of several processes, each line with a prefix that says
 * whose it is; and jnats calls the two listeners of lesson 4 in threads of their own. In which
 * order lines of different streams arrive is up to the machine, so there the order within a stream
 * is compared.
 */
final class Expected {

  private static final String ANYTHING = "…";
  private static final Pattern STREAM =
      Pattern.compile(
          "^(?:pub|sub|lab) \\| (?:(?:INFO|WARN|ERROR) )?|^INFO event: TIME (?:exceptionOccurred|(?=[A-Z]))");

  private Expected() {}

  /**
   * What was found.
   *
   * @param missing the index of the first expected line that is not there, -1 when all are
   * @param ends for each stream, how far it was read
   */
  record Result(int missing, Map<String, Integer> ends) {
    boolean isAll() {
      return missing < 0;
    }
  }

  private record Line(int index, String text) {}

  /**
   * @param expected what the page shows
   * @param actual what the terminal shows
   * @param ends for each stream, how far a block before has read it
   */
  static Result find(List<String> expected, List<String> actual, Map<String, Integer> ends) {
    Map<String, Integer> read = new HashMap<>(ends);
    int missing = -1;
    Map<String, List<Line>> there = streams(actual);
    for (Map.Entry<String, List<Line>> stream : streams(expected).entrySet()) {
      List<Line> lines = there.getOrDefault(stream.getKey(), List.of());
      int from = ends.getOrDefault(stream.getKey(), 0);
      for (List<Line> run : runs(stream.getValue())) {
        int best = 0;
        int found = -1;
        for (int at = from; at < lines.size() && found < 0; at++) {
          int same = same(run, lines, at);
          best = Math.max(best, same);
          found = same == run.size() ? at : -1;
        }
        if (found < 0) {
          int index = run.get(best).index();
          missing = missing < 0 ? index : Math.min(missing, index);
          break;
        }
        from = found + run.size();
      }
      read.put(stream.getKey(), from);
    }
    return new Result(missing, read);
  }

  /** The lines of each stream; what stands for any number of lines does so in all of them. */
  private static Map<String, List<Line>> streams(List<String> lines) {
    Map<String, List<Line>> streams = new LinkedHashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      Line line = new Line(i, Varying.same(lines.get(i)));
      if (line.text().equals(ANYTHING)) {
        streams.values().forEach(stream -> stream.add(line));
      } else {
        Matcher prefix = STREAM.matcher(line.text());
        String stream = prefix.find() ? prefix.group() : "";
        streams.computeIfAbsent(stream, key -> new ArrayList<>()).add(line);
      }
    }
    return streams;
  }

  /** The lines between those that stand for any number. */
  private static List<List<Line>> runs(List<Line> lines) {
    List<List<Line>> runs = new ArrayList<>();
    List<Line> run = new ArrayList<>();
    for (Line line : lines) {
      if (!line.text().equals(ANYTHING)) {
        run.add(line);
      } else if (!run.isEmpty()) {
        runs.add(run);
        run = new ArrayList<>();
      }
    }
    if (!run.isEmpty()) {
      runs.add(run);
    }
    return runs;
  }

  private static int same(List<Line> run, List<Line> lines, int at) {
    int same = 0;
    while (same < run.size()
        && at + same < lines.size()
        && run.get(same).text().equals(lines.get(at + same).text())) {
      same++;
    }
    return same;
  }
}
