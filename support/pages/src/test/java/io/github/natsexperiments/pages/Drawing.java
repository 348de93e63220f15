package io.github.natsexperiments.pages;

import io.github.natsexperiments.pages.RecordedTerminal.Line;
import io.github.natsexperiments.server.ServerBinary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Terminals as an SVG picture, one below the other. Each line appears when it appeared in the run;
 * a reader who wants no motion, or whose viewer has none, sees them all at once.
 *
 * <p>As on the pages, the server is the release that the lab fetches for a reader, whichever one
 * ran. Left out are what the lab advises to type next, and the long ends of ack subjects.
 */
final class Drawing {
  private static final int COLUMNS = 112;
  private static final double CHAR = 7.23;
  private static final int ROW = 17;
  private static final int MARGIN = 12;
  private static final int TITLE = 26;
  private static final Pattern ADVICE = Pattern.compile("|Next, in two other .*|  java -jar .*");

  private final StringBuilder svg = new StringBuilder();
  private final long start;
  private int y = MARGIN;

  private Drawing(long start) {
    this.start = start;
  }

  /**
   * Draws terminals.
   *
   * @param what the picture shows, for those who do not see it
   */
  static String of(String what, List<RecordedTerminal> terminals) {
    long start =
        terminals.stream().flatMap(t -> t.lines().stream()).mapToLong(Line::nanos).min().orElse(0);
    Drawing drawing = new Drawing(start);
    terminals.forEach(drawing::terminal);
    int width = (int) (COLUMNS * CHAR) + 4 * MARGIN;
    return """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$d %2$d" width="%1$d" height="%2$d" role="img" xml:space="preserve" \
    font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="12">
    <title>%3$s</title>
    <style>
    text{white-space:pre;fill:#c9d1d9}
    .title{fill:#8b949e}
    .typed{fill:#7ee787;font-weight:bold}
    .INFO{fill:#8b949e}
    .WARN{fill:#e3b341}
    .ERROR{fill:#ff7b72}
    @keyframes show{from{opacity:0}to{opacity:1}}
    .at{animation:show 0.1s backwards}
    @media(prefers-reduced-motion:reduce){.at{animation:none}}
    </style>
    %4$s</svg>
    """
        .formatted(width, drawing.y, escape(what), drawing.svg);
  }

  private void terminal(RecordedTerminal terminal) {
    List<Line> lines =
        terminal.lines().stream().filter(line -> !ADVICE.matcher(line.text()).matches()).toList();
    int height = TITLE + lines.stream().mapToInt(l -> rows(l).size()).sum() * ROW + ROW / 2;
    svg.append(
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#0d1117\" stroke=\"#30363d\"/>\n"
            .formatted(MARGIN, y, (int) (COLUMNS * CHAR) + 2 * MARGIN, height));
    int row = y + ROW;
    row(row, "title", terminal.title(), -1);
    row += TITLE - ROW / 2;
    for (Line line : lines) {
      for (String text : rows(line)) {
        row(row, kind(line), text, (line.nanos() - start) / 1e9);
        row += ROW;
      }
    }
    y += height + MARGIN;
  }

  private void row(int row, String kind, String text, double seconds) {
    String at =
        seconds < 0
            ? ""
            : " at\" style=\"animation-delay:" + String.format(Locale.ROOT, "%.2f", seconds) + "s";
    svg.append(
        "<text x=\"%d\" y=\"%d\" class=\"%s%s\">%s</text>\n"
            .formatted(2 * MARGIN, row, kind, at, escape(text)));
  }

  /** Standard output is white, what SLF4J says has the colour of its level. */
  private static String kind(Line line) {
    String first = line.text().split(" ", 2)[0];
    return line.typed()
        ? "typed"
        : List.of("INFO", "WARN", "ERROR").contains(first) ? first : "out";
  }

  /** A terminal breaks a line where its own width ends. */
  private static List<String> rows(Line line) {
    List<String> rows = new ArrayList<>();
    String rest =
        line.text()
            .replaceFirst("nats-server \\d+\\.\\d+\\.\\d+", "nats-server " + ServerBinary.RELEASE)
            .replaceFirst("from NATS_SERVER_PATH", "from the cache")
            .replaceFirst("\\$JS\\.ACK\\.[^\"]+", "\\$JS.ACK.…");
    while (rest.length() > COLUMNS) {
      rows.add(rest.substring(0, COLUMNS));
      rest = rest.substring(COLUMNS);
    }
    rows.add(rest);
    return rows;
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
