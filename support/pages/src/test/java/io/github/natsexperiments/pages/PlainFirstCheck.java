package io.github.natsexperiments.pages;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A page is short up to its fold, which is the first {@code <details>}, and a lesson's page shows
 * both plain programs whole before it. What has a letter or a digit is a word, in prose, code,
 * commands and outputs alike.
 */
final class PlainFirstCheck {
  private static final String FENCE = "```";
  private static final String FOLD = "<details>";

  private PlainFirstCheck() {}

  static Stream<Problem> problems(Page page, int mostWords, List<String> programs) {
    List<Problem> problems = new ArrayList<>();
    List<String> shown = beforeTheFold(read(page.file()));
    long words = words(shown);
    if (words > mostWords) {
      problems.add(page.problem(1, words + " words before the fold, not " + mostWords));
    }
    for (String program : programs) {
      if (page.blocks().stream().noneMatch(block -> isWhole(page, block, program, shown.size()))) {
        problems.add(page.problem(1, program + " is not shown whole before the fold"));
      }
    }
    return problems.stream();
  }

  private static List<String> beforeTheFold(List<String> lines) {
    int fold = lines.indexOf(FOLD);
    return fold < 0 ? lines : lines.subList(0, fold);
  }

  private static long words(List<String> lines) {
    return lines.stream()
        .filter(line -> !line.startsWith(FENCE))
        .flatMap(line -> Stream.of(line.split("\\s+")))
        .filter(PlainFirstCheck::isWord)
        .count();
  }

  private static boolean isWord(String text) {
    return text.codePoints().anyMatch(Character::isLetterOrDigit);
  }

  /** Whether a block is a program from its class on, comments and imports aside. */
  private static boolean isWhole(Page page, Block block, String program, int fold) {
    if (!program.equals(block.attributes().get("source")) || block.line() > fold) {
      return false;
    }
    List<String> code = read(source(page, program));
    int start = 0;
    while (start < code.size() && !code.get(start).contains("class " + program)) {
      start++;
    }
    String whole = String.join("\n", code.subList(start, code.size()));
    return !whole.isEmpty() && String.join("\n", block.lines()).endsWith(whole);
  }

  private static Path source(Page page, String program) {
    try (Stream<Path> files = Files.walk(page.folder().resolve("src/main/java"))) {
      return files.filter(file -> file.endsWith(program + ".java")).findFirst().orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> read(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
