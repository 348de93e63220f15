package io.github.natsexperiments.pages;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A piece of code on a page stands in the source, letter for letter but for its indentation. */
final class SourceCheck {

  /** Stands for any number of lines that the page leaves out. */
  private static final String LEFT_OUT = "// …";

  private SourceCheck() {}

  static Stream<Problem> problems(Page page) {
    return page.blocks().stream()
        .filter(block -> block.attributes().containsKey("source"))
        .flatMap(block -> problem(page, block).stream());
  }

  private static Optional<Problem> problem(Page page, Block block) {
    String source = block.attributes().get("source");
    List<Path> files = find(page, source);
    if (files.size() != 1) {
      String what = files.isEmpty() ? "there is no " + source : source + " is " + files;
      return Optional.of(page.problem(block.line(), what));
    }
    List<String> code = read(files.get(0));
    int from = 0;
    int first = 0; // of the part that is looked for
    for (List<String> part : parts(block.lines())) {
      int best = 0;
      int found = -1;
      for (int at = from; at + part.size() <= code.size() && found < 0; at++) {
        int same = same(part, code.subList(at, at + part.size()));
        best = Math.max(best, same);
        found = same == part.size() ? at : -1;
      }
      if (found < 0) {
        int line = block.line() + 1 + first + best;
        return Optional.of(page.problem(line, "not so in " + source + ": " + part.get(best)));
      }
      from = found + part.size();
      first += part.size() + 1;
    }
    return Optional.empty();
  }

  /** A path from the page, or the name of a class below it. */
  private static List<Path> find(Page page, String source) {
    if (source.contains(".")) {
      Path file = page.folder().resolve(source).normalize();
      return file.startsWith(page.root()) && Files.isRegularFile(file) ? List.of(file) : List.of();
    }
    Path sources = page.folder().resolve("src");
    if (!Files.isDirectory(sources)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(sources)) {
      return files.filter(file -> file.endsWith(source + ".java")).toList();
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

  private static List<List<String>> parts(List<String> lines) {
    List<List<String>> parts = new ArrayList<>();
    int first = 0;
    for (int i = 0; i <= lines.size(); i++) {
      if (i == lines.size() || lines.get(i).strip().equals(LEFT_OUT)) {
        parts.add(lines.subList(first, i));
        first = i + 1;
      }
    }
    return parts;
  }

  /** How many lines at the beginning are the same. */
  private static int same(List<String> shown, List<String> code) {
    int outer = indentation(shown);
    int inner = indentation(code);
    int same = 0;
    while (same < shown.size()
        && without(outer, shown.get(same)).equals(without(inner, code.get(same)))) {
      same++;
    }
    return same;
  }

  private static int indentation(List<String> lines) {
    return lines.stream()
        .filter(line -> !line.isBlank())
        .mapToInt(line -> line.length() - line.stripLeading().length())
        .min()
        .orElse(0);
  }

  private static String without(int indentation, String line) {
    return line.isBlank() ? "" : line.substring(indentation);
  }
}
