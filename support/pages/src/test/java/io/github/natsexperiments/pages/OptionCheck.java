package io.github.natsexperiments.pages;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A page names every option of its programs, and none that does not exist. */
final class OptionCheck {

  private static final Pattern OPTION =
      Pattern.compile("(?<![\\w-])(?:--[a-z][a-z-]*|-[a-zA-Z](?![\\w-]))");

  /** An option belongs to the program named last before it on its line. */
  private static final Pattern COMMAND =
      Pattern.compile(
          "(?<lesson>\\d\\d-[\\w-]+/target/)?\\b(?<program>publisher|subscriber|issuer|gallery)\\.jar"
              + "|\\b(?<number>0\\d) (?<of>publisher|subscriber)\\b" // as in a table of all
              // programs
              + "|\\blab (?<command>server|info|break|run(?: 0?(?<run>\\d)\\S*)?)"
              + "|(?<foreign>(?<![\\w./-])(?:nats|nats-server|nsc|docker|mvn|git|java|kill|tail|script|timeout|apt-get|set|curl|grep)) ");

  /** What the programs say to an option that they do not have. */
  private static final String UNKNOWN = "Unknown option: '";

  private final Page page;
  private final Programs programs;
  private final String lesson;
  private final List<Problem> problems = new ArrayList<>();

  private OptionCheck(Page page, Programs programs) {
    this.page = page;
    this.programs = programs;
    this.lesson = page.root().relativize(page.folder()).toString();
  }

  static Stream<Problem> problems(Page page, Programs programs) {
    OptionCheck check = new OptionCheck(page, programs);
    if (page.name().contains("README")) {
      check.everyOptionIsNamed();
    }
    check.everyNameIsAnOption();
    return check.problems.stream();
  }

  /** The programs whose page this is: a lesson's page its own, the front page the lab. */
  private Stream<String> own() {
    return lesson.isEmpty() ? programs.lab() : programs.of(lesson);
  }

  private void everyOptionIsNamed() {
    Set<String> named =
        Stream.concat(
                page.spans().stream().filter(Page.Span::code).map(Page.Span::text),
                page.blocks().stream()
                    .filter(Block::isCommand)
                    .flatMap(block -> block.lines().stream()))
            .flatMap(text -> OPTION.matcher(text).results())
            .map(match -> match.group())
            .collect(Collectors.toSet());
    own()
        .forEach(
            program ->
                programs.options().get(program).stream()
                    .filter(option -> !named.contains(option))
                    .forEach(
                        option ->
                            problems.add(
                                page.problem(
                                    1, program + " has " + option + ", the page has not"))));
  }

  private void everyNameIsAnOption() {
    for (Page.Span span : page.spans()) {
      check(span.text(), span.line(), span.code());
    }
    for (Block block : page.blocks()) {
      for (int i = 0; i < block.lines().size(); i++) {
        if (block.isCommand() || block.isOutput()) {
          check(block.lines().get(i), block.line() + 1 + i, block.isCommand());
        }
      }
    }
  }

  /**
   * @param code whether an option without a command before it is one of this page's programs; in
   *     prose and output it may be another lesson's, and a single letter is no option
   */
  private void check(String text, int line, boolean code) {
    Matcher option = OPTION.matcher(text);
    while (option.find()) {
      String name = option.group();
      String before = text.substring(0, option.start());
      Matcher command = lastCommand(before);
      if (before.endsWith(UNKNOWN)) {
        if (programs.union(own()).contains(name)) {
          problems.add(page.problem(line, "there is " + name));
        }
      } else if (command == null) {
        boolean known =
            code
                ? programs.union(Stream.concat(own(), programs.lab())).contains(name)
                    || lesson.isEmpty() && programs.union(all()).contains(name)
                : !name.startsWith("--") || programs.union(all()).contains(name);
        if (!known) {
          problems.add(page.problem(line, "no program of this page has " + name));
        }
      } else if (command.group("foreign") == null) {
        List<String> candidates = programsOf(command);
        if (candidates.isEmpty() || !programs.union(candidates.stream()).contains(name)) {
          problems.add(page.problem(line, command.group().strip() + " has no " + name));
        }
      }
    }
  }

  private Stream<String> all() {
    return programs.options().keySet().stream();
  }

  private static Matcher lastCommand(String before) {
    Matcher command = COMMAND.matcher(before);
    Matcher last = null;
    for (int from = 0; command.find(from); from = command.end()) {
      last = COMMAND.matcher(before);
      last.find(command.start());
    }
    return last;
  }

  /** Which one it is; {@code publisher.jar} alone is this lesson's, on the front page any. */
  private List<String> programsOf(Matcher command) {
    Map<String, Set<String>> known = programs.options();
    if (command.group("number") != null) {
      return known.keySet().stream()
          .filter(key -> key.startsWith(command.group("number")))
          .filter(key -> key.endsWith("/" + command.group("of")))
          .toList();
    }
    if (command.group("program") != null) {
      String folder = command.group("lesson");
      String name = (folder == null ? "/target/" : folder) + command.group("program");
      return known.keySet().stream()
          .filter(program -> folder == null ? program.endsWith(name) : program.equals(name))
          .filter(program -> folder != null || program.startsWith(lesson))
          .toList();
    }
    String lab = Programs.LAB + " " + command.group("command").split(" ")[0];
    String number = command.group("run");
    Stream<String> passedOn =
        number == null
            ? Stream.empty()
            : known.keySet().stream().filter(program -> program.startsWith("0" + number + "-"));
    return Stream.concat(Stream.of(lab), passedOn).filter(known::containsKey).toList();
  }
}
