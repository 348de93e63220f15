package io.github.natsexperiments.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages say about themselves, about each other and about the sources. */
class PagesTest {

  @Test
  void blocksSayHowTheyAreChecked() throws IOException {
    assertNone(Course.allPages(), Page::blockProblems);
  }

  @Test
  void codeStandsInItsSource() throws IOException {
    assertNone(Course.allPages(), SourceCheck::problems);
  }

  @Test
  void linksLeadSomewhere() throws IOException {
    assertNone(Course.allPages(), LinkCheck::problems);
  }

  @Test
  void russianPagesSayTheSame() throws IOException {
    List<Problem> problems = new ArrayList<>();
    for (Page page : Course.pages()) {
      Path translation = Course.translation(page);
      if (Files.exists(translation)) {
        ParityCheck.problems(page, Page.read(Course.ROOT, translation)).forEach(problems::add);
      } else {
        problems.add(page.problem(1, "there is no " + Course.ROOT.relativize(translation)));
      }
    }
    assertThat(problems).isEmpty();
  }

  @Test
  void pagesAreShortAndShowThePlainPairFirst() throws IOException {
    List<String> pair = List.of("PlainPublisher", "PlainSubscriber");
    assertNone(
        Course.allPages().stream()
            .filter(page -> !page.file().endsWith("CONTRIBUTING.md"))
            .toList(),
        page ->
            page.folder().equals(page.root())
                ? PlainFirstCheck.problems(page, 700, List.of())
                : PlainFirstCheck.problems(page, 1300, pair));
  }

  @Test
  void wordsAreExplainedWhereTheyAreFirstUsed() throws IOException {
    for (String language : List.of("README.md", "README.ru.md")) {
      assertThat(TermCheck.problems(Course.lessons(language))).as(language).isEmpty();
    }
  }

  @Test
  void lessonsHaveExperimentsAPictureAndAWayOn() throws IOException {
    List<Problem> problems = new ArrayList<>();
    List<Path> folders = Course.lessons();
    for (String language : List.of("README.md", "README.ru.md")) {
      List<Page> lessons = Course.lessons(language);
      for (int i = 0; i < lessons.size(); i++) {
        Path next = i + 1 < folders.size() ? folders.get(i + 1) : null;
        LessonCheck.problems(lessons.get(i), next).forEach(problems::add);
      }
    }
    assertThat(problems).isEmpty();
  }

  private static void assertNone(List<Page> pages, Function<Page, Stream<Problem>> check) {
    assertThat(pages.stream().flatMap(check)).isEmpty();
  }
}
