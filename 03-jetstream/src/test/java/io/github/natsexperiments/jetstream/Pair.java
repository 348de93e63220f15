package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The two jars of the lesson, connected to a test's server. */
final class Pair {
  private static final Pattern HELLO =
      Pattern.compile("Received a message from .*\\): Hello #(\\d+) from NATS publisher\\.*");

  private Pair() {}

  /** The publisher, not started yet. */
  static Program publisher(RunningServer server, Object... args) {
    return Program.jar("publisher").env("NATS_URL", server.url()).args(args);
  }

  /** The subscriber, not started yet. */
  static Program subscriber(RunningServer server, Object... args) {
    return Program.jar("subscriber").env("NATS_URL", server.url()).args(args);
  }

  /** Starts a subscriber and waits until it consumes. */
  static RunningProgram waiting(Program subscriber) {
    RunningProgram running = subscriber.start();
    running.waitForStderr("Waiting for messages");
    return running;
  }

  /** The numbers of the messages that a subscriber printed, in its order. */
  static List<Integer> numbers(RunningProgram subscriber) {
    return subscriber.stdoutLines().stream()
        .map(HELLO::matcher)
        .filter(Matcher::matches)
        .map(line -> Integer.valueOf(line.group(1)))
        .toList();
  }

  /** The numbers from 0 to one less than the end. */
  static List<Integer> upTo(int end) {
    return range(0, end);
  }

  /** The numbers from one to one less than the end. */
  static List<Integer> range(int from, int end) {
    return IntStream.range(from, end).boxed().toList();
  }

  /** The acks that a program printed. */
  static List<String> acks(RunningProgram program) {
    return program.stdoutLines().stream().filter(line -> line.startsWith("Ack: ")).toList();
  }

  /** The number in a summary line: {@code Published 17 messages}. */
  static long counted(RunningProgram program, String verb) {
    String summary = program.waitForStderr(verb + " ");
    Matcher number = Pattern.compile(verb + " (\\d+) message").matcher(summary);
    if (!number.find()) {
      throw new AssertionError(summary);
    }
    return Long.parseLong(number.group(1));
  }
}
