package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./lab break}: what a server that fails does to a lesson's plain pair, and to its own. */
@Command(
    name = "break",
    synopsisHeading = "Usage: ./",
    description =
        "Breaks the server under the plain pair, then under the lesson's pair, and counts.",
    footer = {
      "",
      "Exit code 1: the lesson's pair has lost or doubled what it",
      "promises.",
      "",
      "Examples:",
      "  ./lab break 3                     the server is killed",
      "  ./lab break 3 --kills 3 --seed 7  three times",
      "  ./lab break 5 --lesson            without the plain pair",
      "  ./lab break 4 --fault pause       frozen for 3 seconds"
    })
final class Break implements Callable<Integer> {
  static final String PLAIN = "plain";
  static final String LESSON = "lesson";

  @Mixin private Help help;
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "LESSON",
      arity = "0..1",
      completionCandidates = Lesson.Names.class,
      description = "The lesson's folder, or its number: 03-jetstream, 3.")
  private String name;

  @Option(
      names = "--fault",
      paramLabel = "FAULT",
      converter = Fault.Converter.class,
      completionCandidates = Fault.Names.class,
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Fault fault = Fault.KILL;

  @Option(
      names = "--kills",
      paramLabel = "N",
      description = "How often the server fails, 1 to 20. Default: ${DEFAULT-VALUE}.")
  private int kills = 1;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      description =
          "Messages to publish, 100 a second, in lessons 1 and 2 500."
              + " Default: enough for 15 s, more with more --kills.")
  private Integer count;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Fail at the moments of an earlier run. Default: by chance.")
  private Integer seed;

  @ArgGroup private Only only = new Only();

  /** One pair instead of both. */
  private static final class Only {
    @Option(names = "--plain", description = "The plain pair alone.")
    private boolean plain;

    @Option(names = "--lesson", description = "The lesson's pair alone.")
    private boolean lesson;
  }

  @Option(
      names = {"-q", "--quiet"},
      description = "Print the table only.")
  private boolean quiet;

  @Override
  public Integer call() throws Exception {
    Lesson lesson = Lesson.find(name);
    check("--kills", kills, 20);
    int times = fault == Fault.PAUSE ? 2 * kills : kills; // a pause is longer
    Duration interval = interval(lesson);
    int messages =
        count == null
            ? (int) Duration.ofSeconds(Math.max(15, 3 * times)).dividedBy(interval)
            : count;
    check("--count", messages, 100_000);
    int seed = this.seed == null ? ThreadLocalRandom.current().nextInt(1000) : this.seed;
    List<Duration> moments = fault.moments(kills, interval.multipliedBy(messages), seed);
    System.setErr(
        new PrintStream(new Prefixed("lab | ", Prefixed.STDERR), true, StandardCharsets.UTF_8));
    say("Lesson %s, fault %s, --kills %d, --seed %d".formatted(lesson.folder, fault, kills, seed));
    say(estimate(lesson, messages));
    Map<String, Count> counts = new LinkedHashMap<>();
    try (Stop stop = Stop.onSignals()) {
      for (String pair : pairs()) {
        say("The " + pair + " pair, " + messages + " messages");
        Count result =
            new Trial(lesson, fault, moments, stop, this::say)
                .run((program, url) -> call(lesson, pair, program, url, messages));
        if (result == null) {
          return ExitCode.DONE; // a signal; the exit code is the signal's
        }
        counts.put(pair, result);
      }
    }
    new Report(lesson, fault, counts).print(Lab.stdout());
    Count own = counts.get(LESSON);
    return own != null && !own.isKept(lesson, fault) ? ExitCode.FAILED : ExitCode.DONE;
  }

  /**
   * How fast the pair publishes. Core NATS loses what is on its way in the few milliseconds in
   * which the server dies: at 500 messages a second there is always some.
   */
  private static Duration interval(Lesson lesson) {
    return Duration.ofMillis(lesson.keeps == Lesson.Keeps.NOTHING ? 2 : 10);
  }

  private List<String> pairs() {
    return only.plain ? List.of(PLAIN) : only.lesson ? List.of(LESSON) : List.of(PLAIN, LESSON);
  }

  private static Call call(Lesson lesson, String pair, String program, String url, int messages)
      throws Failure, IOException {
    boolean publisher = program.equals(Pair.PUBLISHER);
    String count = Integer.toString(messages);
    String pace = Long.toString(interval(lesson).toMillis());
    if (pair.equals(PLAIN)) {
      return Call.plain(lesson, program, url, publisher ? List.of(count, pace) : List.of());
    }
    List<String> arguments = new ArrayList<>();
    Kit kit = Kit.of(lesson.profile);
    if (kit != null) {
      arguments.addAll(kit.option(program));
    }
    if (publisher) {
      arguments.addAll(List.of("-n", count, "-i", pace + "ms"));
    }
    return Call.lesson(lesson, program, url, arguments);
  }

  private String estimate(Lesson lesson, int messages) {
    long publishing =
        interval(lesson).multipliedBy(messages).plusSeconds(3L * kills + 8).toSeconds();
    boolean stored = lesson.keeps != Lesson.Keeps.NOTHING;
    long own = publishing + (lesson.keeps == Lesson.Keeps.STREAM ? 25 : 0);
    long plain = publishing + (stored ? 90 : 0);
    long all = (only.lesson ? 0 : plain) + (only.plain ? 0 : own);
    return (all < 90 ? "About " + all + " seconds" : "About " + (all + 30) / 60 + " minutes")
        + (stored && !only.lesson ? ": plain jnats is silent for up to 90 s after a restart" : "");
  }

  private void check(String option, int value, int most) {
    if (value < 1 || value > most) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value '%d' for %s: it must be 1 to %d".formatted(value, option, most));
    }
  }

  private void say(String line) {
    if (!quiet) {
      System.err.println(line);
    }
  }
}
