package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.ConsumerInfo;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The two jars of the lesson, and what the server knows of their stream and consumer. */
final class Pair {
  private static final Pattern NUMBER = Pattern.compile("Hello #(\\d+) from NATS publisher");

  private Pair() {}

  /** The publisher, not started yet. */
  static Program publisher(RunningServer server, Object... args) {
    return Program.jar("publisher").env("NATS_URL", server.url()).args(args);
  }

  /** The subscriber, not started yet. */
  static Program subscriber(RunningServer server, Object... args) {
    return Program.jar("subscriber").env("NATS_URL", server.url()).args(args);
  }

  /** Starts a subscriber and waits until it has its consumer. */
  static RunningProgram waiting(Program subscriber) {
    RunningProgram running = subscriber.start();
    running.waitForStderr("Waiting for messages of stream");
    return running;
  }

  /** The number in the line of a received message. */
  static long number(String line) {
    Matcher matcher = NUMBER.matcher(line);
    if (!matcher.find()) {
      throw new AssertionError("no number in: " + line);
    }
    return Long.parseLong(matcher.group(1));
  }

  /** The last line of a run, with the time and the rate left out. */
  static String summary(RunningProgram program) {
    String last = program.stderrLines().get(program.stderrLines().size() - 1);
    return last.replaceAll(", \\d+ bytes in [^,]*", "");
  }

  /** A connection of the test itself. */
  static Connection connect(RunningServer server) throws Exception {
    return Nats.connect(
        Options.builder()
            .server(server.url())
            .connectionTimeout(Duration.ofSeconds(5))
            .errorListener(new io.nats.client.ErrorListener() {})
            .build());
  }

  /** How the lesson's consumer stands. */
  static ConsumerInfo consumer(RunningServer server) throws Exception {
    try (Connection connection = connect(server)) {
      return connection.jetStreamManagement().getConsumerInfo("sample_stream", "callbacks");
    }
  }

  /** Waits until a program has written so many lines to stdout. */
  static void awaitLines(RunningProgram program, long lines) {
    long[] seen = {0};
    program.waitForStdout(line -> ++seen[0] >= lines, Duration.ofMinutes(4));
  }
}
