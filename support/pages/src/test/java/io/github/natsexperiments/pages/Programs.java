package io.github.natsexperiments.pages;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What options there are.
 *
 * @param options of each program. A lesson's has the name of its jar without the ending, such as
 *     {@code 01-basic/target/publisher}; the lab's commands are {@code lab}, {@code lab run} …
 */
record Programs(Map<String, Set<String>> options) {

  static final String LAB = "lab";

  /** A line of picocli's help that describes an option: {@code -s, --server=URL[,URL...]}. */
  private static final Pattern DESCRIBED = Pattern.compile("(?m)^ {1,6}(-\\w|--[a-z])(, -.*)?.*");

  private static final Pattern OPTION = Pattern.compile("(?:^|, ) *(-\\w|--[a-z][a-z-]*)");

  /** Takes the options from what programs print with {@code --help}. */
  static Programs of(Map<String, String> help) {
    return new Programs(
        help.entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    program -> described(program.getValue()),
                    (a, b) -> a,
                    TreeMap::new)));
  }

  private static Set<String> described(String help) {
    Set<String> options = new LinkedHashSet<>();
    Matcher line = DESCRIBED.matcher(help);
    while (line.find()) {
      Matcher option = OPTION.matcher(line.group());
      for (int end = 0; option.find(end) && option.start() == end; end = option.end()) {
        options.add(option.group(1));
      }
    }
    return options;
  }

  /** The programs of a lesson's folder. */
  Stream<String> of(String lesson) {
    return options.keySet().stream().filter(program -> program.startsWith(lesson + "/"));
  }

  Stream<String> lab() {
    return options.keySet().stream().filter(program -> program.split(" ")[0].equals(LAB));
  }

  /** All the options of some programs. */
  Set<String> union(Stream<String> programs) {
    return programs.map(options::get).flatMap(Collection::stream).collect(Collectors.toSet());
  }
}
