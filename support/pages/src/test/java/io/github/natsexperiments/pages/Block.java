package io.github.natsexperiments.pages;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A fenced block. Its info string says how the block is checked: <code>sh terminal=2</code>. GitHub
 * shows nothing of it, and takes the first word for the language.
 *
 * @param language the info string's first word
 * @param attributes the others, {@code name=value} or {@code name="several words"}
 * @param rest what of the info string is no attribute; empty when all is well
 * @param line the line of the opening fence, from 1
 * @param lines what stands between the fences
 */
record Block(
    String language, Map<String, String> attributes, String rest, int line, List<String> lines) {

  /** What a page may say about a block, by language. CONTRIBUTING.md explains it. */
  private static final Map<String, Set<String>> ATTRIBUTES =
      Map.of(
          "sh", Set.of("terminal", "exit", "needs", "not-run", "typed"),
          "console", Set.of("terminal", "exit", "needs", "not-run"),
          "text", Set.of("terminal", "ctrl-c", "not-compared"),
          "java", Set.of("source"),
          "conf", Set.of("source"),
          "yaml", Set.of("source"),
          "xml", Set.of(),
          "mermaid", Set.of());

  private static final Map<String, Pattern> VALUES =
      Map.of(
          "terminal", Pattern.compile("[1-9]"),
          "ctrl-c", Pattern.compile("[1-9]"),
          "exit", Pattern.compile("\\d{1,3}"),
          "needs", Pattern.compile("\\d+\\.\\d+(\\.\\d+)?"));

  private static final Pattern ATTRIBUTE =
      Pattern.compile("\\s+([a-z-]+)=(?:\"([^\"]+)\"|([^\\s\"]+))");
  private static final List<String> DIAGRAMS = List.of("graph", "flowchart", "sequenceDiagram");
  private static final String PROMPT = "$ ";

  static Block of(String info, int line, List<String> lines) {
    String language = info.split("\\s", 2)[0];
    Map<String, String> attributes = new LinkedHashMap<>();
    Matcher attribute = ATTRIBUTE.matcher(info);
    int end = language.length();
    while (attribute.find(end) && attribute.start() == end) {
      String value = attribute.group(2) != null ? attribute.group(2) : attribute.group(3);
      attributes.put(attribute.group(1), value);
      end = attribute.end();
    }
    return new Block(language, attributes, info.substring(end).strip(), line, lines);
  }

  /** What is wrong with the block by itself. */
  List<String> faults() {
    Set<String> known = ATTRIBUTES.get(language);
    if (known == null) {
      return List.of("a block of unknown kind: \"" + language + "\"");
    }
    List<String> faults = new ArrayList<>();
    if (!rest.isEmpty()) {
      faults.add("not name=value: " + rest);
    }
    attributes.forEach(
        (name, value) -> {
          if (!known.contains(name)) {
            faults.add("a " + language + " block has no \"" + name + "\"");
          } else if (VALUES.containsKey(name) && !VALUES.get(name).matcher(value).matches()) {
            faults.add("not a value for " + name + ": " + value);
          }
        });
    if (lines.isEmpty()) {
      faults.add("an empty block");
    } else if (known.contains("source") && !attributes.containsKey("source")) {
      faults.add("of which source is it? source=CLASS or source=PATH");
    } else if (language.equals("mermaid") && !DIAGRAMS.contains(firstWord())) {
      faults.add("not a diagram that GitHub draws: " + firstWord());
    } else if (language.equals("console") && !lines.get(0).startsWith(PROMPT)) {
      faults.add("a console block begins with \"$ \" and a command");
    }
    return faults;
  }

  private String firstWord() {
    return lines.get(0).strip().split("[\\s;]", 2)[0];
  }

  boolean isCommand() {
    return language.equals("sh") || language.equals("console");
  }

  boolean isOutput() {
    return language.equals("text");
  }

  /** Commands that the test types. */
  boolean isRun() {
    return isCommand() && !attributes.containsKey("not-run");
  }

  Optional<String> attribute(String name) {
    return Optional.ofNullable(attributes.get(name));
  }

  OptionalInt number(String name) {
    String value = attributes.get(name);
    return value == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(value));
  }

  /**
   * The parts of a page's run that this block stands for: a console block is commands, each with
   * its output; any other one is itself.
   */
  List<Block> steps() {
    if (!language.equals("console")) {
      return List.of(this);
    }
    List<Block> steps = new ArrayList<>();
    for (int i = 0; i < lines.size(); ) {
      int first = i;
      boolean command = lines.get(i).startsWith(PROMPT);
      do {
        i++;
      } while (i < lines.size() && lines.get(i).startsWith(PROMPT) == command);
      List<String> part = lines.subList(first, i);
      steps.add(
          command
              ? new Block(
                  "sh",
                  attributes,
                  "",
                  line + first,
                  part.stream().map(typed -> typed.substring(PROMPT.length())).toList())
              : new Block("text", terminalOnly(), "", line + first, part));
    }
    return steps;
  }

  private Map<String, String> terminalOnly() {
    return attribute("terminal").map(terminal -> Map.of("terminal", terminal)).orElse(Map.of());
  }

  @Override
  public String toString() {
    return String.join("\n", lines);
  }
}
