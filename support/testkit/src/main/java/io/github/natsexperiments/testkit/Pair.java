package io.github.natsexperiments.testkit;

import io.github.natsexperiments.server.RunningServer;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The two jars of a lesson, connected to a test's server, and what the lines they print mean.
 *
 * <pre>{@code
 * RunningProgram subscriber = waiting(subscriber(server, "-n", 3));
 * RunningProgram publisher = publisher(server, "-n", 3).start();
 * assertThat(publisher.waitForExit()).isZero();
 * assertThat(numbers(subscriber)).isEqualTo(upTo(3));
 * }</pre>
 */
public final class Pair {

  private static final Pattern NUMBER = Pattern.compile("Hello #(\\d+) from .*publisher");

  private Pair() {}

  /** The publisher, not started yet. */
  public static Program publisher(RunningServer server, Object... args) {
    return program("publisher", server.url(), args);
  }

  /** The subscriber, not started yet. */
  public static Program subscriber(RunningServer server, Object... args) {
    return program("subscriber", server.url(), args);
  }

  /** A jar of the lesson that finds its server, or servers, in NATS_URL; not started yet. */
  static Program program(String jar, String urls, Object... args) {
    return Program.jar(jar).env("NATS_URL", urls).args(args);
  }

  /** Starts a subscriber and waits until nothing can be missed any more. */
  public static RunningProgram waiting(Program subscriber) {
    RunningProgram running = subscriber.start();
    running.waitForStderr("Waiting for messages");
    return running;
  }

  /** The line of a received message, as the original Python pair prints it. */
  public static String received(String subject, Object payload) {
    return "Received a message from subject \"" + subject + "\" (reply = \"\"): " + payload;
  }

  /** Waits for up to 4 minutes until a program has written so many lines to stdout. */
  public static void awaitLines(RunningProgram program, long lines) {
    long[] seen = {0};
    program.waitForStdout(line -> ++seen[0] >= lines, Duration.ofMinutes(4));
  }

  /** The number in a line of a received message. */
  public static int number(String line) {
    return number(NUMBER, line);
  }

  private static int number(Pattern pattern, String line) {
    Matcher matcher = pattern.matcher(line);
    if (!matcher.find()) {
      throw new AssertionError("no " + pattern + " in: " + line);
    }
    return Integer.parseInt(matcher.group(1));
  }

  /** The numbers of the messages that a subscriber printed, in its order. */
  public static List<Integer> numbers(RunningProgram subscriber) {
    return subscriber.stdoutLines().stream()
        .filter(line -> NUMBER.matcher(line).find())
        .map(Pair::number)
        .toList();
  }

  /** The numbers from 0 to one less than the end. */
  public static List<Integer> upTo(int end) {
    return range(0, end);
  }

  /** The numbers from one to one less than the end. */
  public static List<Integer> range(int from, int end) {
    return IntStream.range(from, end).boxed().toList();
  }

  /** The acks that a program printed. */
  public static List<String> acks(RunningProgram program) {
    return program.stdoutLines().stream().filter(line -> line.startsWith("Ack: ")).toList();
  }

  /** Waits for the summary line and returns its number: 17 for {@code Published 17 messages}. */
  public static int counted(RunningProgram program, String verb) {
    Pattern summary = Pattern.compile(verb + " (\\d+) message");
    return number(summary, program.waitForStderr(line -> summary.matcher(line).find()));
  }

  /** The last line of a run, with the time and the rate left out. */
  public static String summary(RunningProgram program) {
    List<String> lines = program.stderrLines();
    return lines.get(lines.size() - 1).replaceAll(", \\d+ bytes in [^,]*", "");
  }

  /** A connection of the test's own, which says nothing of the errors that it meets. */
  public static Connection connect(RunningServer server) throws IOException, InterruptedException {
    return connect(server, Options.builder());
  }

  /**
   * The same with a login.
   *
   * @param login for example {@code Options.builder().token(…)}
   */
  public static Connection connect(RunningServer server, Options.Builder login)
      throws IOException, InterruptedException {
    return Nats.connect(
        login
            .server(server.url())
            .maxReconnects(0)
            .connectionTimeout(Duration.ofSeconds(5))
            .errorListener(new ErrorListener() {})
            .build());
  }
}
