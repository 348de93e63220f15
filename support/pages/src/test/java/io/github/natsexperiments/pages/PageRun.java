package io.github.natsexperiments.pages;

import io.github.natsexperiments.pages.Terminal.Surprise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does what a page says, from its first block to its last, and sees whether it shows the same. */
final class PageRun implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PageRun.class);

  /** The terminal of blocks that name none: each of their commands runs to its end. */
  private static final int UNNAMED = 0;

  /** On the pages; another server may have it here. */
  private static final int USUAL_PORT = 4222;

  private static final Pattern LOCALHOST = Pattern.compile("localhost:(422[2-4])");

  /** On the pages; the server takes any that is free, and shows it. */
  private static final String USUAL_MONITORING = "http://127.0.0.1:8222/";

  private static final Pattern MONITORING =
      Pattern.compile("monitoring +(http://127\\.0\\.0\\.1:\\d+)");

  private final Page page;
  private final Path folder;
  private final Map<String, String> environment;
  private final String serverVersion;
  private final int port;
  private final Map<Integer, Terminal> terminals = new TreeMap<>();

  /** The last block typed into each terminal, and into any. */
  private final Map<Integer, Block> typed = new TreeMap<>();

  private int current = UNNAMED;

  /**
   * @param folder where the reader is: the project's top folder
   * @param environment what the reader has set
   * @param serverVersion of the nats-server that the page's commands find
   * @param port which servers take in the place of 4222; a cluster has the next two as well
   */
  PageRun(Page page, Path folder, Map<String, String> environment, String serverVersion, int port) {
    this.page = page;
    this.folder = folder;
    this.environment = environment;
    this.serverVersion = serverVersion;
    this.port = port;
  }

  /** The first thing on the page that is not so; what follows it would mean nothing. */
  Optional<Problem> run() throws IOException {
    List<Block> steps = page.blocks().stream().flatMap(block -> block.steps().stream()).toList();
    for (Block step : steps) {
      Optional<Problem> problem =
          step.isCommand() ? type(step) : step.isOutput() ? compare(step) : Optional.empty();
      if (problem.isPresent()) {
        return problem;
      }
    }
    return leave();
  }

  private Optional<Problem> type(Block block) throws IOException {
    int number = block.number("terminal").orElse(UNNAMED);
    current = number;
    String needs = block.attribute("needs").orElse("0");
    boolean tooOld = compareVersions(serverVersion, needs) < 0;
    if (tooOld) {
      LOG.info(
          "{}:{} not run: it needs nats-server {}, this is {}",
          page.name(),
          block.line(),
          needs,
          serverVersion);
    }
    if (tooOld || !block.isRun()) {
      typed.remove(number);
      return Optional.empty();
    }
    Terminal terminal = terminals.computeIfAbsent(number, key -> new Terminal(folder, environment));
    Block before = typed.put(number, block);
    try {
      terminal.begin(block.number("exit"));
    } catch (Surprise surprise) {
      return Optional.of(problem(before, before.line(), terminal, surprise.getMessage()));
    }
    List<String> lines = block.lines().stream().map(this::withFreePorts).toList();
    for (int i = 0; i < lines.size(); i++) {
      try {
        if (block.attribute("typed").isPresent()) {
          Path answer = folder.resolve(block.attribute("typed").get());
          terminal.type(lines.get(i), Files.readString(answer).strip());
        } else {
          terminal.type(lines.get(i));
        }
        if (number == UNNAMED || i < lines.size() - 1) {
          terminal.waitForEnd();
        }
      } catch (Surprise surprise) {
        return Optional.of(problem(block, block.line() + 1 + i, terminal, surprise.getMessage()));
      }
    }
    return Optional.empty();
  }

  private String withFreePorts(String line) {
    String here =
        LOCALHOST
            .matcher(line)
            .replaceAll(at -> "localhost:" + (Integer.parseInt(at.group(1)) - USUAL_PORT + port));
    return terminals.values().stream()
        .flatMap(terminal -> terminal.output().stream())
        .map(MONITORING::matcher)
        .filter(Matcher::find)
        .findFirst()
        .map(shown -> here.replace(USUAL_MONITORING, shown.group(1) + "/"))
        .orElse(here);
  }

  private Optional<Problem> compare(Block block) {
    OptionalInt pressed = block.number("ctrl-c");
    int number = block.number("terminal").orElse(pressed.orElse(current));
    Block command = typed.get(number);
    if (command == null) {
      return Optional.empty(); // not run; that it says why was checked
    }
    if (pressed.isPresent()) {
      Terminal stopped = terminals.get(pressed.getAsInt());
      try {
        stopped.ctrlC();
      } catch (Surprise surprise) {
        return Optional.of(
            problem(command, block.line(), stopped, "Ctrl-C: " + surprise.getMessage()));
      }
    }
    if (block.attribute("not-compared").isPresent()) {
      return Optional.empty();
    }
    Terminal terminal = terminals.get(number);
    int missing = terminal.waitForOutput(block.lines());
    return missing < 0
        ? Optional.empty()
        : Optional.of(
            problem(
                command,
                block.line() + 1 + missing,
                terminal,
                "this line does not come\n--- the page\n" + block));
  }

  /** Closes all terminals, the last opened first: the server's was the first. */
  private Optional<Problem> leave() {
    List<Integer> open = new ArrayList<>(terminals.keySet());
    for (int i = open.size() - 1; i >= 0; i--) {
      Terminal terminal = terminals.get(open.get(i));
      try {
        terminal.end();
      } catch (Surprise surprise) {
        Block block = typed.get(open.get(i));
        return Optional.of(problem(block, block.line(), terminal, surprise.getMessage()));
      }
    }
    return Optional.empty();
  }

  private Problem problem(Block command, int line, Terminal terminal, String what) {
    return page.problem(
        line,
        "%s%n--- the command%n%s%n--- its output%n%s"
            .formatted(what, command, String.join("\n", terminal.output())));
  }

  private static int compareVersions(String one, String other) {
    return Arrays.compare(numbers(one), numbers(other));
  }

  private static int[] numbers(String version) {
    return Stream.of(version.replaceFirst("[^\\d.].*", "").split("\\."))
        .mapToInt(Integer::parseInt)
        .toArray();
  }

  @Override
  public void close() {
    terminals.values().forEach(Terminal::close);
  }
}
