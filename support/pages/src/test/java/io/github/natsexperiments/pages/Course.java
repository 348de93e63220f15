package io.github.natsexperiments.pages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The files of this project that are tested here. */
final class Course {

  static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();

  private static final String FRONT = "README.md";

  private Course() {}

  /** The front page and the lessons' pages, in English. */
  static List<Page> pages() throws IOException {
    return read(
        Stream.concat(Stream.of(ROOT), lessons().stream()).map(place -> place.resolve(FRONT)));
  }

  /** Every page there is, in either language. */
  static List<Page> allPages() throws IOException {
    return read(
        Stream.concat(Stream.of(ROOT), lessons().stream())
            .flatMap(
                place -> Stream.of(FRONT, "README.ru.md", "CONTRIBUTING.md").map(place::resolve))
            .filter(Files::exists));
  }

  /** The lessons' pages of one language, in their order. */
  static List<Page> lessons(String name) throws IOException {
    return read(lessons().stream().map(lesson -> lesson.resolve(name)));
  }

  static List<Path> lessons() throws IOException {
    try (Stream<Path> folders = Files.list(ROOT)) {
      return folders
          .filter(folder -> folder.getFileName().toString().matches("\\d\\d-.*"))
          .filter(folder -> Files.exists(folder.resolve("pom.xml")))
          .sorted()
          .toList();
    }
  }

  /** The page in Russian that belongs to a page in English. */
  static Path translation(Page page) {
    return page.folder().resolve("README.ru.md");
  }

  private static List<Page> read(Stream<Path> files) throws IOException {
    List<Page> pages = new ArrayList<>();
    for (Path file : files.toList()) {
      pages.add(Page.read(ROOT, file));
    }
    return pages;
  }
}
