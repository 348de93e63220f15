package io.github.natsexperiments.pages;

import io.github.natsexperiments.server.ServerBinary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What every lesson's page has: three experiments, a way to the next lesson, a small picture. */
final class LessonCheck {
  private static final List<String> EXPERIMENTS = List.of("Try this", "Попробуйте");
  private static final Pattern VERSION = Pattern.compile("nats-server (\\d+\\.\\d+\\.\\d+)");
  private static final Pattern HEIGHT = Pattern.compile("<svg [^>]*\\bheight=\"(\\d+)\"");
  private static final int MOST_HEIGHT = 900; // a laptop's screen

  private LessonCheck() {}

  /**
   * What a lesson's page lacks.
   *
   * @param next the folder of the next lesson, or null for the last one, which leads to the front
   */
  static Stream<Problem> problems(Page page, Path next) {
    List<Problem> problems = new ArrayList<>();
    long experiments = experiments(page);
    if (experiments < 3) {
      problems.add(page.problem(1, experiments + " experiments to try, not 3"));
    }
    Path wanted = (next == null ? page.root() : next).resolve(page.file().getFileName().toString());
    List<Page.Passage> shown =
        page.passages().stream().filter(passage -> passage.line() < page.fold()).toList();
    if (shown.isEmpty() || !leadsTo(page, shown.get(shown.size() - 1), wanted)) {
      problems.add(
          page.problem(1, "does not end with a link to " + page.root().relativize(wanted)));
    }
    return Stream.concat(problems.stream(), versions(page));
  }

  /** The bold beginnings of paragraphs in the section of experiments. */
  private static long experiments(Page page) {
    List<Page.Heading> headings = page.headings();
    for (int i = 0; i < headings.size(); i++) {
      if (EXPERIMENTS.contains(headings.get(i).text())) {
        int from = headings.get(i).line();
        int to = i + 1 < headings.size() ? headings.get(i + 1).line() : Integer.MAX_VALUE;
        return page.passages().stream()
            .filter(passage -> passage.line() > from && passage.line() < to)
            .filter(passage -> passage.emphasised().stream().anyMatch(passage.text()::startsWith))
            .count();
      }
    }
    return 0;
  }

  private static boolean leadsTo(Page page, Page.Passage passage, Path wanted) {
    return passage.links().stream()
        .map(link -> page.folder().resolve(link.replaceFirst("#.*", "")).normalize())
        .anyMatch(wanted::equals);
  }

  /** Outputs and pictures show the release that the lab downloads for a reader. */
  private static Stream<Problem> versions(Page page) {
    List<Problem> problems = new ArrayList<>();
    page.blocks().stream()
        .filter(block -> block.isOutput() || block.language().equals("console"))
        .forEach(block -> compare(page, block.line(), block.toString(), problems));
    for (Page.Link link : page.links()) {
      if (link.image() && !LinkCheck.isExternal(link.destination())) {
        String picture = read(page.folder().resolve(link.destination()));
        compare(page, link.line(), picture, problems);
        Matcher height = HEIGHT.matcher(picture);
        if (!height.find() || Integer.parseInt(height.group(1)) > MOST_HEIGHT) {
          problems.add(
              page.problem(link.line(), "a picture of more than " + MOST_HEIGHT + " rows"));
        }
      }
    }
    return problems.stream();
  }

  private static void compare(Page page, int line, String shown, List<Problem> problems) {
    VERSION
        .matcher(shown)
        .results()
        .map(found -> found.group(1))
        .filter(version -> !version.equals(ServerBinary.RELEASE))
        .distinct()
        .map(version -> page.problem(line, version + " is not " + ServerBinary.RELEASE))
        .forEach(problems::add);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
