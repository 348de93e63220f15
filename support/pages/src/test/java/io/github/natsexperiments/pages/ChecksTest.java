package io.github.natsexperiments.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.natsexperiments.server.ServerBinary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractListAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each check says what is wrong, once and at its line, and nothing of a page that is right. */
class ChecksTest {

  private static final Programs PROGRAMS =
      Programs.of(
          Map.of(
              "01-hello/target/publisher",
              """
              Usage: java -jar publisher.jar [-hn]
                -h, --help        Show this help, not --that.
                -n, --count=N     Stop after N messages.
                    --key, --keys=KEY
                                  Keys.
              """,
              "lab",
              "  -h, --help   Show this help.",
              "lab run",
              "  -h, --help   Show this help."));

  private static final String SOURCE =
      """
      class Hello {
        void hello() {
          // Why.
          if (here) {
            greet();
          }
        }
      }
      """;

  @TempDir private Path root;

  @BeforeEach
  void writeSource() throws IOException {
    Path source = root.resolve("01-hello/src/main/java/Hello.java");
    Files.createDirectories(source.getParent());
    Files.writeString(source, SOURCE);
  }

  @Test
  void blocksAreMarked() throws IOException {
    assertThat(
            page("""
                    ```sh terminal=2 needs=2.11
                    one
                    ```

                    ```text
                    two
                    ```

                    ```sh not-run="needs a thing"
                    three
                    ```

                    ```mermaid
                    graph TD;
                    ```
                    """)
                .blockProblems())
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "```\none\n```",
        "```python\none\n```",
        "```sh later\none\n```",
        "```sh port=1\none\n```",
        "```sh terminal=one\none\n```",
        "```sh\n```",
        "```java\none\n```",
        "```mermaid\npicture\n```",
        "```console\none\n```",
        "```text\none\n```",
      })
  void aBlockThatIsNotMarkedFails(String block) throws IOException {
    assertProblems(page("# Page\n\n" + block).blockProblems())
        .extracting(Problem::line)
        .containsExactly(3);
  }

  @Test
  void outputOfACommandThatIsNotRunIsNotCompared() throws IOException {
    String text = "```sh not-run=\"no\"\none\n```\n\n```text%s\none\n```\n";

    assertProblems(page(text.formatted("")).blockProblems()).hasSize(1);
    assertThat(page(text.formatted(" not-compared=\"not run\"")).blockProblems()).isEmpty();
  }

  @Test
  void codeStandsInItsSourceWhateverItsIndentation() throws IOException {
    assertThat(
            SourceCheck.problems(
                page(
                    """
                    ```java source=Hello
                    // Why.
                    if (here) {
                      greet();
                    }
                    ```

                    ```java source=src/main/java/Hello.java
                      void hello() {
                        // …
                        }
                    ```
                    """)))
        .isEmpty();
  }

  @Test
  void aChangedJavaBlockFails() throws IOException {
    assertProblems(SourceCheck.problems(page("```java source=Hello\n// Why.\nif (there) {\n```\n")))
        .extracting(Problem::page, Problem::line, Problem::what)
        .containsExactly(tuple("01-hello/README.md", 3, "not so in Hello: if (there) {"));
  }

  @Test
  void anUnknownSourceFails() throws IOException {
    assertProblems(SourceCheck.problems(page("```java source=Bye\nclass\n```\n")))
        .extracting(Problem::what)
        .containsExactly("there is no Bye");
  }

  @Test
  void linksLeadToFilesAndHeadings() throws IOException {
    Files.writeString(root.resolve("README.md"), "# Вход: `--creds` и всё\n\n## Same\n\n## Same\n");

    assertThat(
            LinkCheck.problems(
                page(
                    """
                    ## What's _new_?
                    [a](../README.md) [b](../README.md#вход---creds-и-всё) [c](..#same-1) [d](#whats-new)
                    [e](src/main) ![f](src/main/java/Hello.java) [g](https://nats.io/#nowhere)
                    """)))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[a](nowhere.md)",
        "[a](#nowhere)",
        "[a](../../outside)",
        "[a](src/main/java/Hello.java#hello)",
        "![a](src)"
      })
  void aBrokenLinkFails(String link) throws IOException {
    assertProblems(LinkCheck.problems(page("# Page\n\nSee\n" + link + ".\n")))
        .extracting(Problem::line)
        .containsExactly(4);
  }

  @Test
  void optionsOfTheProgramsAreNamed() throws IOException {
    assertThat(
            OptionCheck.problems(
                page(
                    """
                    `-h`, `--help`, `--key`, `--keys KEY`; `Unknown option: '--subject'`; `nats --creds FILE`

                    ```sh
                    java -XX:+UseSerialGC -jar 01-hello/target/publisher.jar --count 3
                    ./lab run 1 -n 3   # publisher.jar -n 3
                    nats pub foo --count 3   # publisher.jar -n 3
                    ```
                    """),
                PROGRAMS))
        .isEmpty();
  }

  @Test
  void aRenamedOptionFailsWhereItIsMissingAndWhereItIsUsed() throws IOException {
    assertProblems(
            OptionCheck.problems(
                page(
                    """
                    `-h`, `--help`, `--key`, `--keys`, `-n`, `--number`

                    ```sh
                    nats pub foo   # publisher.jar --number 3
                    ```
                    """),
                PROGRAMS))
        .extracting(Problem::line, Problem::what)
        .containsExactly(
            tuple(1, "01-hello/target/publisher has --count, the page has not"),
            tuple(1, "no program of this page has --number"),
            tuple(4, "publisher.jar has no --number"));
  }

  @Test
  void aWordIsExplainedWhereItIsFirstUsed() throws IOException {
    String explained = "A *publisher* sends to a *subject*, see [JetStream](../README.md).\n\n";

    assertThat(TermCheck.problems(List.of(page(explained + "Publishers, a subject.\n")))).isEmpty();
    assertThat(TermCheck.problems(List.of(page("# JetStream\n\n<details>\n\nBuckets.\n"))))
        .isEmpty();
    assertProblems(TermCheck.problems(List.of(page(explained + "A bucket.\n\nJetStream.\n"))))
        .extracting(Problem::line)
        .containsExactly(3, 5);
  }

  @Test
  void aLessonHasThreeExperimentsAndLeadsToTheNext() throws IOException {
    String experiments = "## Try this\n\n**One.** Do.\n\n**Two.** Do.\n\n**Three.** Do.\n\n";
    String end = "## End\n\nNext: [lesson 2](../02-next/README.md#idea).\n\n<details>\n";
    Path next = root.resolve("02-next");

    assertThat(LessonCheck.problems(page(experiments + end), next)).isEmpty();
    assertProblems(LessonCheck.problems(page(experiments + end), null))
        .extracting(Problem::what)
        .containsExactly("does not end with a link to README.md");
    assertProblems(LessonCheck.problems(page(experiments.replace("**Two.**", "Two") + end), next))
        .extracting(Problem::what)
        .containsExactly("2 experiments to try, not 3");
  }

  @Test
  void aPictureIsSmallAndItsServerIsTheReleaseOfTheOutputs() throws IOException {
    String page =
        "## Try this\n\n**1**\n\n**2**\n\n**3**\n\n![a](a.svg)\n\n"
            + "```text\nnats-server %s\n```\n\n[front](../README.md)\n";
    Path picture = root.resolve("01-hello/a.svg");

    Files.writeString(picture, "<svg height=\"900\">nats-server " + ServerBinary.RELEASE);
    assertThat(LessonCheck.problems(page(page.formatted(ServerBinary.RELEASE)), null)).isEmpty();
    Files.writeString(picture, "<svg height=\"901\">nats-server 2.9.10");
    assertProblems(LessonCheck.problems(page(page.formatted("2.9.11")), null))
        .extracting(Problem::line)
        .containsExactly(11, 9, 9);
  }

  @Test
  void wordsInBlocksCount() throws IOException {
    Page page = page("# One\n\n```sh\ntwo three { }\n```\n\n<details>\n\nfour\n");

    assertThat(PlainFirstCheck.problems(page, 3, List.of())).isEmpty();
    assertProblems(PlainFirstCheck.problems(page, 2, List.of()))
        .extracting(Problem::what)
        .containsExactly("3 words before the fold, not 2");
  }

  @Test
  void bothFormsOfAnAckSubjectAreTheSame() {
    String old = Varying.same("(reply = \"$JS.ACK.foo.bar.1.2.3.1795421090620456963.4\"): five");

    assertThat(
            Varying.same(
                "(reply = \"$JS.ACK._.szMpdrwD.foo.bar.1.2.3.1795421090620456964.4\"): five"))
        .isEqualTo(old);
    assertThat(
            Varying.same(
                "(reply = \"$JS.ACK._.szMpdrwD.foo.bar.1.2.3.1795421090620456964.4.a1\"): five"))
        .isEqualTo(old);
    assertThat(
            Varying.same(
                "(reply = \"$JS.ACK._.szMpdrwD.foo.bar.1.9.3.1795421090620456964.4\"): five"))
        .isNotEqualTo(old);
  }

  @Test
  void aTranslationHasTheSameStructure() throws IOException {
    assertThat(
            translated(
                """
                # Привет
                [дальше](../README.ru.md#ниже)

                | `a` | б |
                |---|---|
                | в | `d` |

                ```sh terminal=1
                run   # беги
                ```

                ```mermaid
                sequenceDiagram
                    participant P as издатель
                    P->>N: привет
                ```
                """))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run=run 2",
        "terminal=1=terminal=2",
        "P->>N=N->>P",
        "# Hello=## Hello",
        "`d`=`e`",
        "../README.md=../LICENSE"
      })
  void aChangedTranslationFails(String change) throws IOException {
    int equals = change.indexOf('=', change.startsWith("terminal") ? 9 : 0);

    assertProblems(
            translated(
                ORIGINAL.replaceFirst(
                    change.substring(0, equals), change.substring(equals + 1).replace("$", "\\$"))))
        .singleElement()
        .matches(problem -> problem.page().equals("01-hello/README.ru.md") && problem.line() > 0);
  }

  private static final String ORIGINAL =
      """
      # Hello
      [next](../README.md#below)

      | `a` | b |
      |---|---|
      | c | `d` |

      ```sh terminal=1
      run        # run
      ```

      ```mermaid
      sequenceDiagram
          participant P as publisher
          P->>N: hello
      ```
      """;

  private Stream<Problem> translated(String text) throws IOException {
    Page original = page(ORIGINAL);
    return ParityCheck.problems(original, page("README.ru.md", text));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aPageThatIsRightIsRunToItsEnd() throws IOException {
    assertProblems(
            run(
                """
                ```console
                $ echo one; echo in 0.123 s >&2; echo two; echo three; echo four
                one
                in 4.567 s
                …
                three
                ```

                ```sh terminal=1
                echo begun; trap 'sleep 0.1; echo drained; exit 130' INT; while :; do sleep 0.05; done
                ```

                ```sh exit=3 needs=2.9
                exit 3
                ```

                ```sh needs=2.12
                exit 4
                ```

                ```text ctrl-c=1
                drained
                ```

                ```sh terminal=2 exit=7
                echo begun; sleep 0.2; exit 7
                ```
                """))
        .isEmpty();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aWrongExitFails() throws IOException {
    assertProblems(run("# Page\n\n```sh\ntrue\nfalse\n```\n"))
        .singleElement()
        .satisfies(
            problem ->
                assertThat(problem.toString())
                    .startsWith("01-hello/README.md:5 ended with exit code 1, not 0"));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anExitAfterCtrlCThatIsNot130Fails() throws IOException {
    assertProblems(
            run(
                """
                ```sh terminal=1
                trap 'exit 9' INT; echo begun; while :; do sleep 0.05; done
                ```
                """))
        .extracting(Problem::line)
        .containsExactly(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"two\nthree\nthree", "one\ntwo\nfour", "…\ntwo\none", "one\n…\nfive"})
  @EnabledOnOs(OS.LINUX)
  void aLineThatDiffersFails(String expected) throws IOException {
    assertProblems(
            run(
                "```sh\nprintf 'one\\ntwo\\nthree\\nfour\\n'\n```\n\n```text\n"
                    + expected
                    + "\n```\n"))
        .singleElement()
        .satisfies(
            problem ->
                assertThat(problem.toString())
                    .startsWith("01-hello/README.md:8 this line does not come")
                    .contains(expected, "printf", "\nthree\nfour"));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void linesOfSeveralProcessesAreComparedEachByItself() throws IOException {
    String text = "```console\n$ printf 'pub | a\\nsub | b\\npub | c\\nsub | d\\n'\n%s\n```\n";

    assertProblems(run(text.formatted("sub | b\nsub | d\npub | a\npub | c"))).isEmpty();
    assertProblems(run(text.formatted("sub | d\nsub | b\npub | a\npub | c")))
        .extracting(Problem::line)
        .containsExactly(4);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aCommandGetsThePortsOfItsServers() throws IOException {
    assertProblems(
            run(
                "```sh\necho -s nats://localhost:4222,nats://localhost:4224 4222 | tr : @\n```\n\n"
                    + "```text\n-s nats@//localhost@24222,nats@//localhost@24224 4222\n```\n"))
        .isEmpty();
  }

  private Stream<Problem> run(String text) throws IOException {
    try (PageRun run = new PageRun(page(text), root, Map.of(), "2.11.3", 24222)) {
      return run.run().stream();
    }
  }

  private Page page(String text) throws IOException {
    return page("README.md", text);
  }

  private Page page(String name, String text) throws IOException {
    Path file = root.resolve("01-hello").resolve(name);
    Files.writeString(file, text);
    if (Files.notExists(root.resolve("README.md"))) {
      Files.writeString(root.resolve("README.md"), "# Front\n");
    }
    return Page.read(root, file);
  }

  private static AbstractListAssert<?, ?, Problem, ?> assertProblems(Stream<Problem> problems) {
    return assertThat(problems.toList());
  }
}
