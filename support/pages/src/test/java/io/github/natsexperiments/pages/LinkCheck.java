package io.github.natsexperiments.pages;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** A link inside the project leads to a file that is there, and to a heading that is in it. */
final class LinkCheck {

  private LinkCheck() {}

  static Stream<Problem> problems(Page page) {
    return page.links().stream()
        .filter(link -> !isExternal(link.destination()))
        .flatMap(link -> fault(page, link).map(what -> page.problem(link.line(), what)).stream());
  }

  static boolean isExternal(String destination) {
    // From a file of the repository, this leads to the repository's own pages on GitHub.
    return destination.matches("[a-z]+:.*") || destination.startsWith("../../actions/");
  }

  private static Optional<String> fault(Page page, Page.Link link) {
    String[] parts = link.destination().split("#", 2);
    Path target =
        page.folder().resolve(URLDecoder.decode(parts[0], StandardCharsets.UTF_8)).normalize();
    if (parts[0].isEmpty()) {
      target = page.file();
    }
    if (!target.startsWith(page.root()) || !Files.exists(target)) {
      return Optional.of("a link to nowhere: " + link.destination());
    }
    if (link.image() && !Files.isRegularFile(target)) {
      return Optional.of("not an image: " + link.destination());
    }
    if (parts.length == 2 && !hasAnchor(page, target, parts[1])) {
      return Optional.of("a link to no heading: " + link.destination());
    }
    return Optional.empty();
  }

  private static boolean hasAnchor(Page page, Path target, String anchor) {
    Path file = Files.isDirectory(target) ? target.resolve("README.md") : target;
    if (!file.toString().endsWith(".md")) {
      return false;
    }
    String wanted = URLDecoder.decode(anchor, StandardCharsets.UTF_8);
    try {
      return Page.read(page.root(), file).headings().stream()
          .anyMatch(heading -> heading.anchor().equals(wanted));
    } catch (IOException e) {
      return false;
    }
  }
}
