package io.github.natsexperiments.basic;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Nats;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How fast the pair is beside the least that jnats and picocli can do. Not a test: figures depend
 * on the machine, so each program runs in a process of its own with the same JVM flags, they take
 * turns, and what counts is the ratio of the medians.
 *
 * <pre>
 * mvn package
 * java -cp 01-basic/target/test-classes:01-basic/target/publisher.jar \
 *     io.github.natsexperiments.basic.BasicBenchmark -s nats://localhost:4222 --rounds 5
 * </pre>
 */
@Command(name = "BasicBenchmark", mixinStandardHelpOptions = true)
final class BasicBenchmark implements Callable<Integer> {
  private static final String SUBJECT = "foo";
  private static final List<String> FLAGS = List.of("-XX:+UseSerialGC", "-Xmx64m");
  private static final Pattern RATE = Pattern.compile("\\((\\d+) messages/s\\)");

  @Option(names = "-s", description = "The server. Default: ${DEFAULT-VALUE}.")
  private String url = "nats://localhost:4222";

  @Option(names = "-n", description = "Messages of a run. Default: ${DEFAULT-VALUE}.")
  private long count = 5_000_000; // some seconds: the compiler of the JVM is done early

  @Option(names = "--size", description = "Bytes of a message. Default: ${DEFAULT-VALUE}.")
  private int size = 128;

  @Option(names = "--rounds", description = "Runs of each. Default: ${DEFAULT-VALUE}.")
  private int rounds = 5;

  @Option(names = "--bare", hidden = true)
  private String bare;

  /** Runs all and prints rates, times and ratios. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new BasicBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if ("publisher".equals(bare)) {
      barePublisher();
    } else if ("subscriber".equals(bare)) {
      bareSubscriber();
    } else {
      compare();
    }
    return 0;
  }

  private void barePublisher() throws Exception {
    try (Connection connection = Nats.connect(url)) {
      byte[] payload = new byte[size];
      for (long n = 0; n < count; n++) {
        connection.publish(SUBJECT, payload);
      }
      connection.flush(Duration.ofMinutes(1));
    }
  }

  private void bareSubscriber() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    long[] received = new long[2]; // how many, and when the first came
    try (Connection connection = Nats.connect(url)) {
      Dispatcher dispatcher =
          connection.createDispatcher(
              message -> {
                if (received[0] == 0) {
                  received[1] = System.nanoTime();
                }
                if (++received[0] == count) {
                  done.countDown();
                }
              });
      dispatcher.subscribe(SUBJECT);
      connection.flush(Duration.ofSeconds(10));
      System.err.println("Waiting for messages");
      done.await();
      System.err.printf(
          "(%d messages/s)%n", Math.round(count * 1e9 / (System.nanoTime() - received[1])));
    }
  }

  private void compare() throws Exception {
    Path target =
        Path.of(BasicBenchmark.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .getParent();
    List<String> publisher =
        java("-jar", target.resolve("publisher.jar"), "-q", "-i", 0, "-s", url);
    List<String> subscriber = java("-jar", target.resolve("subscriber.jar"), "-q", "-s", url);
    List<Long> ourRates = new ArrayList<>();
    List<Long> bareRates = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      ourRates.add(
          rate(with(subscriber, "-n", count), with(publisher, "-n", count, "--size", size)));
      bareRates.add(rate(self("subscriber", count), self("publisher", count)));
    }
    show("messages/s from process to process", ourRates, bareRates);

    List<Long> ourTimes = new ArrayList<>();
    List<Long> bareTimes = new ArrayList<>();
    for (int round = 0; round < 4 * rounds; round++) {
      ourTimes.add(millis(with(publisher, "-n", 1)));
      bareTimes.add(millis(self("publisher", 1)));
    }
    show("ms for one message, start to exit", ourTimes, bareTimes);
  }

  private static void show(String what, List<Long> ours, List<Long> bare) {
    System.out.printf(
        "%s%n  lesson %s, median %d%n  bare   %s, median %d%n  ratio  %.2f%n",
        what, ours, median(ours), bare, median(bare), median(ours) / (double) median(bare));
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  private static List<String> java(Object... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    return with(command, args);
  }

  private static List<String> with(List<String> command, Object... args) {
    List<String> longer = new ArrayList<>(command);
    Arrays.stream(args).map(String::valueOf).forEach(longer::add);
    return longer;
  }

  private List<String> self(String what, long messages) {
    return java(
        "-cp",
        System.getProperty("java.class.path"),
        BasicBenchmark.class.getName(),
        "--bare",
        what,
        "-s",
        url,
        "-n",
        messages,
        "--size",
        size);
  }

  /** What a subscriber says of its rate, when a publisher has sent it everything. */
  private static long rate(List<String> subscriber, List<String> publisher) throws Exception {
    Process receiving = new ProcessBuilder(subscriber).start();
    try (var lines = receiving.errorReader()) {
      String line = lines.readLine();
      while (line != null && !line.contains("Waiting")) {
        line = lines.readLine();
      }
      millis(publisher);
      while ((line = lines.readLine()) != null) {
        Matcher rate = RATE.matcher(line);
        if (rate.find()) {
          return Long.parseLong(rate.group(1));
        }
      }
    } finally {
      receiving.destroy();
    }
    throw new IOException("no rate from " + subscriber);
  }

  private static long millis(List<String> command) throws Exception {
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    if (process.waitFor() != 0) {
      throw new IOException(process.exitValue() + " from " + command);
    }
    return (System.nanoTime() - start) / 1_000_000;
  }
}
