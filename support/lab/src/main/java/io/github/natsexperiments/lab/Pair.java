package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The two programs of a lesson and the arguments for each. The lab knows no lesson's options: it
 * asks the jars, whose main classes carry picocli's annotations, and gives each program those of
 * the reader's options that it has.
 */
final class Pair {
  static final String PUBLISHER = "publisher";
  static final String SUBSCRIBER = "subscriber";

  /** Beyond the publisher's pace: what a slow machine needs to start it. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Lesson lesson;
  private final Map<String, CommandLine> programs = new LinkedHashMap<>();
  private final ParseResult given;
  private final List<String> forPublisher;
  private final List<String> forSubscriber;

  /**
   * Asks the jars and reads the reader's options.
   *
   * @throws Failure when neither program has an option, or one does not understand its value
   */
  Pair(Lesson lesson, List<String> options) throws Failure {
    this.lesson = lesson;
    for (String program : List.of(PUBLISHER, SUBSCRIBER)) {
      programs.put(program, load(lesson.builtJar(program)));
    }
    given = read(options);
    forPublisher = route(PUBLISHER);
    addCredentials(PUBLISHER, forPublisher);
    addDefault(PUBLISHER, forPublisher, "--count", "10");
    addDefault(PUBLISHER, forPublisher, "--interval", "500ms");
    Duration pace = check(PUBLISHER, forPublisher).matchedOptionValue("--interval", Duration.ZERO);
    forSubscriber = route(SUBSCRIBER);
    addCredentials(SUBSCRIBER, forSubscriber);
    addDefault(SUBSCRIBER, forSubscriber, "--count", "10");
    addDefault(SUBSCRIBER, forSubscriber, "--timeout", pace.plus(PATIENCE).toSeconds() + "s");
    addDefault(SUBSCRIBER, forSubscriber, "--follow", null); // what the publisher creates
    check(SUBSCRIBER, forSubscriber);
  }

  /** What a program shares with the lab: picocli, so that the lab can read its annotations. */
  private static final class Picocli extends ClassLoader {
    Picocli() {
      super(getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (!name.startsWith("picocli.")) {
        throw new ClassNotFoundException(name);
      }
      return CommandLine.class.getClassLoader().loadClass(name);
    }
  }

  /** The command line of the program in a jar, without running it. */
  private static CommandLine load(Path path) throws Failure {
    try (JarFile jar = new JarFile(path.toFile())) {
      String main = jar.getManifest().getMainAttributes().getValue(Attributes.Name.MAIN_CLASS);
      ClassLoader loader = new URLClassLoader(new URL[] {path.toUri().toURL()}, new Picocli());
      return Cli.withNumbers(new CommandLine(loader.loadClass(main)));
    } catch (IOException | ClassNotFoundException e) {
      throw new Failure(ExitCode.FAILED, path + " cannot be read: delete it, ./lab builds it", e);
    }
  }

  /** Takes every option that one of the programs has. */
  private ParseResult read(List<String> words) throws Failure {
    CommandSpec either = CommandSpec.create();
    for (String program : programs.keySet()) {
      options(program)
          .forEach(
              (name, option) -> {
                if (!either.optionsMap().containsKey(name)) {
                  either.addOption(sameForm(name, option));
                }
              });
    }
    ParseResult result;
    try {
      result = Cli.withNumbers(new CommandLine(either)).parseArgs(words.toArray(String[]::new));
    } catch (ParameterException e) {
      throw wrongUsage(e, PUBLISHER, SUBSCRIBER);
    }
    if (result.hasMatchedOption("--server") || result.hasMatchedOption("-s")) {
      throw new Failure(
          ExitCode.USAGE,
          "lab run starts a server of its own: leave out --server, or run the two jars yourself");
    }
    return result;
  }

  /** An option of that name which takes as many values, whatever they mean. */
  private static OptionSpec sameForm(String name, OptionSpec option) {
    OptionSpec.Builder form =
        OptionSpec.builder(name).arity(option.arity().toString()).paramLabel(option.paramLabel());
    return option.arity().max() == 0
        ? form.type(boolean.class).build()
        : form.type(List.class)
            .auxiliaryTypes(String.class)
            .fallbackValue(option.fallbackValue())
            .build();
  }

  private List<String> route(String program) {
    List<String> arguments = new ArrayList<>();
    for (OptionSpec option : given.matchedOptionsSet()) {
      OptionSpec own = options(program).get(option.longestName());
      List<String> values = option.originalStringValues();
      if (own != null && (own.arity().max() == 0 || values.isEmpty())) {
        arguments.add(own.longestName());
      } else if (own != null) {
        values.forEach(value -> arguments.add(own.longestName() + "=" + value));
      }
    }
    return arguments;
  }

  /** The login of a program, when the server asks for one. */
  private void addCredentials(String program, List<String> arguments) {
    Kit kit = Kit.of(lesson.profile);
    if (kit != null) {
      List<String> login = kit.option(program);
      for (int i = 0; i < login.size(); i += 2) {
        addDefault(program, arguments, login.get(i), login.get(i + 1));
      }
    }
  }

  private void addDefault(String program, List<String> arguments, String name, String value) {
    OptionSpec option = options(program).get(name);
    if (option != null && Stream.of(option.names()).noneMatch(given::hasMatchedOption)) {
      arguments.add(value == null ? name : name + "=" + value);
    }
  }

  /** The program would refuse them, too, but only after a server has been started for it. */
  private ParseResult check(String program, List<String> arguments) throws Failure {
    try {
      return programs.get(program).parseArgs(arguments.toArray(String[]::new));
    } catch (ParameterException e) {
      throw wrongUsage(e, program);
    }
  }

  private Failure wrongUsage(ParameterException e, String... programs) {
    List<String> helps =
        Stream.of(programs)
            .map(name -> "java " + Call.shown("-jar", lesson.jar(name), "--help"))
            .toList();
    return new Failure(ExitCode.USAGE, Cli.usage(e) + ". See " + String.join(" and ", helps), e);
  }

  private Map<String, OptionSpec> options(String program) {
    return programs.get(program).getCommandSpec().optionsMap();
  }

  /** Whether the reader asks for help. */
  boolean isHelpAsked() {
    return programs.values().stream().anyMatch(CommandLine::isUsageHelpRequested);
  }

  /** Shows the help of both programs. */
  void help(PrintStream out) {
    for (CommandLine program : programs.values()) {
      program.usage(out);
      out.println();
    }
  }

  /**
   * The arguments for a program: those of the reader's options that it has, and defaults with which
   * it ends by itself.
   */
  List<String> arguments(String program) {
    return program.equals(PUBLISHER) ? forPublisher : forSubscriber;
  }

  /** How to start a program of the lesson. */
  Call lesson(String program, String url) throws Failure, IOException {
    return Call.lesson(lesson, program, url, arguments(program));
  }

  /**
   * How to start the plain program instead, which knows two of the options.
   *
   * @throws Failure when the reader gave another option
   */
  Call plain(String program, String url) throws Failure, IOException {
    for (OptionSpec option : given.matchedOptionsSet()) {
      if (!Set.of("-n", "--count", "-i", "--interval").contains(option.longestName())) {
        throw new Failure(
            ExitCode.USAGE,
            "The plain programs have no " + option.longestName() + ": leave it out, or --plain");
      }
    }
    ParseResult publisher = check(PUBLISHER, forPublisher);
    List<String> arguments = new ArrayList<>();
    arguments.add(publisher.matchedOptionValue("--count", 0L).toString());
    if (program.equals(PUBLISHER)) {
      Duration pace = publisher.matchedOptionValue("--interval", Duration.ZERO);
      arguments.add(Long.toString(pace.toMillis()));
    }
    return Call.plain(lesson, program, url, arguments);
  }
}
