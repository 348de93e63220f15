package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.server.ServerConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ./lab run}: a lesson in one terminal, from its server's start to its end. */
@Command(
    name = "run",
    synopsisHeading = "Usage: ./",
    description = "Runs a lesson's subscriber and publisher against a server of their own.",
    modelTransformer = Run.OptionsAfterLesson.class,
    footer = {
      "",
      "Each program gets those of the options that it has, by",
      "default -n 10 and, if a publisher, -i 500ms; the",
      "subscriber gets a --timeout.",
      "",
      "Examples:",
      "  ./lab run 1                    lesson 1, ten messages",
      "  ./lab run 01-basic -n 3 -i 1s  three, one a second",
      "  ./lab run 1 -m 'Temperature {n}' --queue workers",
      "  ./lab run 1 --plain            plain: has -n and -i only",
      "  ./lab run 1 --help             its programs' options"
    })
final class Run implements Callable<Integer> {
  private static final Duration READY_LIMIT = Duration.ofSeconds(20);
  private static final Duration CHECK = Duration.ofMillis(20);

  @Mixin private Help help;

  @Option(
      names = "--plain",
      description = "Run the plain pair: jnats alone, as in its documentation.")
  private boolean plain; // may also come after the lesson

  @Parameters(
      paramLabel = "LESSON",
      arity = "0..1",
      index = "0",
      completionCandidates = Lesson.Names.class,
      description = "The lesson's folder, or its number: 01-basic, 1.")
  private String name;

  @Parameters(
      paramLabel = "OPTION",
      arity = "0..*",
      index = "1..*",
      description = "Options of the lesson's programs.")
  private List<String> options = List.of();

  /** What comes after the lesson is the programs' business. */
  static final class OptionsAfterLesson implements IModelTransformer {
    @Override
    public CommandSpec transform(CommandSpec spec) {
      spec.parser().stopAtPositional(true);
      return spec;
    }
  }

  @Override
  public Integer call() throws Exception {
    Lesson lesson = Lesson.find(name);
    List<String> words = new ArrayList<>(options);
    plain |= words.removeIf("--plain"::equals);
    Pair pair = new Pair(lesson, words);
    if (pair.isHelpAsked()) {
      pair.help(Lab.stdout());
      return ExitCode.DONE;
    }
    System.setErr(
        new PrintStream(new Prefixed("lab | ", Prefixed.STDERR), true, StandardCharsets.UTF_8));
    ServerConfig config = LabServer.config(lesson.profile, false); // issues a login, if need be
    if (plain) {
      pair.plain(Pair.PUBLISHER, ""); // refuses other options before a server is started
    }
    try (Stop stop = Stop.onSignals();
        NativeServer server = LabServer.start(config, 0, null, stop)) {
      if (server == null) {
        return ExitCode.DONE;
      }
      say(server.description() + " is ready, profile " + lesson.profile);
      if (plain) {
        Storage.prepare(lesson, server.url()); // the plain subscriber does not wait for a stream
      }
      return run(pair, server.url(), stop);
    }
  }

  /** Closes the publisher first, so that the subscriber still gets what is on its way. */
  private int run(Pair pair, String url, Stop stop)
      throws Failure, IOException, InterruptedException {
    try (Child subscriber = start(pair, Pair.SUBSCRIBER, url, Redirect.PIPE, stop)) {
      long start = System.nanoTime();
      while (!subscriber.isReady() && !subscriber.hasEnded()) {
        if (stop.sleep(CHECK)) {
          return ExitCode.DONE;
        }
        if (System.nanoTime() - start > READY_LIMIT.toNanos()) {
          throw new Failure(
              ExitCode.FAILED,
              "The subscriber is not ready after " + READY_LIMIT.toSeconds() + " s");
        }
      }
      if (subscriber.hasFailed()) {
        say(ended(subscriber) + "; the publisher was not started");
        return subscriber.exitCode();
      }
      try (Child publisher = start(pair, Pair.PUBLISHER, url, Redirect.INHERIT, stop)) {
        while (!subscriber.hasFailed() && !publisher.hasFailed()) {
          if (subscriber.hasEnded() && publisher.hasEnded()) {
            say("Done");
            return ExitCode.DONE;
          }
          if (stop.sleep(CHECK)) {
            return ExitCode.DONE;
          }
        }
        Child failed = subscriber.hasFailed() ? subscriber : publisher;
        Child other = failed == subscriber ? publisher : subscriber;
        say(ended(failed) + (other.hasEnded() ? "" : "; stopping the " + other.name()));
        return failed.exitCode();
      }
    }
  }

  private Child start(Pair pair, String program, String url, Redirect input, Stop stop)
      throws Failure, IOException {
    Call call = plain ? pair.plain(program, url) : pair.lesson(program, url);
    say(call.toString());
    return new Child(call, input, stop::cannotWrite);
  }

  private static String ended(Child child) {
    return "The " + child.name() + " ended with exit code " + child.exitCode();
  }

  private static void say(String line) {
    System.err.println(line);
  }
}
