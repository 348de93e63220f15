package io.github.natsexperiments.pages;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page and its translation say the same: same headings, blocks, tables and links in the same
 * order. What may differ is prose: also the comments of commands and the labels of diagrams.
 */
final class ParityCheck {

  private static final Pattern COMMENT = Pattern.compile("(?m)(^|\\s+)# .*");

  /** What a diagram shows to people: the rest is its structure. */
  private static final Pattern LABEL =
      Pattern.compile(
          """
          (?<=\\w)\\(.*?\\)|(?<=\\w)\\[.*?\\]|(?<=participant \\w{1,9}) as .*|--[^->]+--|:.*""");

  private final Page original;
  private final Page translation;
  private final List<Problem> problems = new ArrayList<>();

  private ParityCheck(Page original, Page translation) {
    this.original = original;
    this.translation = translation;
  }

  static Stream<Problem> problems(Page original, Page translation) {
    ParityCheck check = new ParityCheck(original, translation);
    check.compare(
        "heading", Page::headings, Page.Heading::line, heading -> "#".repeat(heading.level()));
    check.compare("block", Page::blocks, Block::line, ParityCheck::essence);
    check.compare("table", Page::tables, Page.Table::line, table -> table.code().toString());
    check.compare("link", Page::links, Page.Link::line, ParityCheck::essence);
    return check.problems.stream();
  }

  /** The first difference of a kind, because what follows it would differ only by its place. */
  private <T> void compare(
      String kind,
      Function<Page, List<T>> parts,
      ToIntFunction<T> line,
      Function<T, String> essence) {
    List<T> here = parts.apply(translation);
    List<T> there = parts.apply(original);
    for (int i = 0; i < Math.max(here.size(), there.size()); i++) {
      String mine = i < here.size() ? essence.apply(here.get(i)) : "nothing";
      String its = i < there.size() ? essence.apply(there.get(i)) : "nothing";
      if (!mine.equals(its)) {
        String where =
            original.name() + (i < there.size() ? ":" + line.applyAsInt(there.get(i)) : "");
        problems.add(
            translation.problem(
                i < here.size() ? line.applyAsInt(here.get(i)) : 1,
                "%s %d differs from %s%n  here:  %s%n  there: %s"
                    .formatted(kind, i + 1, where, indented(mine), indented(its))));
        return;
      }
    }
  }

  private static String indented(String text) {
    return text.replace("\n", "\n         ");
  }

  private static String essence(Block block) {
    return block.language()
        + block.attributes()
        + "\n"
        + switch (block.language()) {
          case "sh" -> COMMENT.matcher(block.toString()).replaceAll("");
          case "mermaid" -> LABEL.matcher(block.toString()).replaceAll("");
          default -> block.toString();
        };
  }

  /** The same place in the other language; the anchor is the heading's, and that is translated. */
  private static String essence(Page.Link link) {
    String target = link.destination();
    return LinkCheck.isExternal(target)
        ? target
        : target.replaceFirst("#.*", "#").replaceFirst("README\\.ru\\.md", "README.md");
  }
}
