package io.github.natsexperiments.jetstream;

import io.nats.client.Connection;
import io.nats.client.ConsumerContext;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.NUID;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PublishOptions;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How fast the pair is beside bare loops over jnats. Not a test: figures depend on the machine, so
 * each program runs in a process of its own, they take turns, and what counts is the median of the
 * ratios of the rounds.
 *
 * <pre>
 * mvn package
 * java -cp 03-jetstream/target/test-classes:03-jetstream/target/publisher.jar \
 *     io.github.natsexperiments.jetstream.JetStreamBenchmark nats://localhost:4222 5
 * </pre>
 *
 * <p>It deletes the server's stream {@code benchmark}.
 */
final class JetStreamBenchmark {
  private static final String STREAM = "benchmark";
  private static final int MESSAGES = 400_000;
  // With fewer, most of what a reader does is to wait for the JVM's compiler.
  private static final int TO_READ = 3 * MESSAGES;
  private static final int SIZE = 128;
  private static final int WINDOW = 1000;
  private static final Pattern RATE = Pattern.compile("\\((\\d+) messages/s\\)");

  private JetStreamBenchmark() {}

  /**
   * Runs all and prints rates and ratios.
   *
   * @param args the server's URL, and how many rounds (default: 5)
   */
  public static void main(String[] args) throws Exception {
    String url = args[0];
    switch (args.length > 1 ? args[1] : "5") {
      case "publishAsync" -> print(MESSAGES, publishAsync(url));
      case "consume" -> print(TO_READ, consume(url));
      default -> compare(url, args.length > 1 ? Integer.parseInt(args[1]) : 5);
    }
  }

  private static void compare(String url, int rounds) throws Exception {
    Path here =
        Path.of(
                JetStreamBenchmark.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI())
            .getParent();
    List<String> publisher =
        java("-jar", here.resolve("publisher.jar"), "--async", WINDOW, "-i", 0, "--size", SIZE);
    List<String> subscriber = java("-jar", here.resolve("subscriber.jar"));
    for (List<String> program : List.of(publisher, subscriber)) {
      program.addAll(List.of("-s", url, "--stream", STREAM, "--subject", STREAM, "-q", "-n"));
    }
    publisher.add("" + MESSAGES);
    subscriber.add("" + TO_READ);
    List<Long> bare = new ArrayList<>();
    List<Long> ours = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      recreate(url);
      bare.add(run(self(url, "publishAsync")));
      recreate(url);
      ours.add(run(publisher));
    }
    show("publishAsync, window " + WINDOW, bare, "publisher.jar --async", ours);
    bare.clear();
    ours.clear();
    for (int stored = MESSAGES; stored < TO_READ; stored += MESSAGES) {
      run(publisher);
    }
    for (int i = 0; i < rounds; i++) {
      bare.add(run(self(url, "consume")));
      List<String> own = new ArrayList<>(subscriber);
      own.addAll(List.of("--durable", "ours" + i));
      ours.add(run(own));
    }
    show("consume, ack each", bare, "subscriber.jar", ours);
  }

  private static void show(String bare, List<Long> rates, String ours, List<Long> own) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < rates.size(); i++) {
      ratios.add(own.get(i) / (double) rates.get(i));
    }
    System.out.printf(
        "%s: %s messages/s%n%s: %s messages/s%nmedian of the rounds' ratios: %.2f%n%n",
        bare, rates, ours, own, ratios.stream().sorted().toList().get(ratios.size() / 2));
  }

  private static List<String> java(Object... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Arrays.stream(args).map(String::valueOf).forEach(command::add);
    return command;
  }

  private static List<String> self(String url, String what) {
    return java(
        "-cp",
        System.getProperty("java.class.path"),
        JetStreamBenchmark.class.getName(),
        url,
        what);
  }

  /** Runs a program and returns the rate in its last words. */
  private static long run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher rate = RATE.matcher(said);
    if (process.waitFor() != 0 || !rate.find()) {
      throw new IOException(String.join(" ", command) + ": " + said);
    }
    return Long.parseLong(rate.group(1));
  }

  private static void print(long messages, long nanos) {
    System.out.printf("(%d messages/s)%n", messages * 1_000_000_000L / nanos);
  }

  private static void recreate(String url)
      throws IOException, InterruptedException, JetStreamApiException {
    try (Connection connection = Nats.connect(url)) {
      JetStreamManagement management = connection.jetStreamManagement();
      if (management.getStreamNames().contains(STREAM)) {
        management.deleteStream(STREAM);
      }
      management.addStream(
          StreamConfiguration.builder()
              .name(STREAM)
              .subjects(STREAM)
              .storageType(StorageType.File)
              .build());
    }
  }

  /** A window of futures: send, and when there are enough of them wait for the oldest. */
  private static long publishAsync(String url) throws Exception {
    Options options = Options.builder().server(url).dontForceFlushOnRequest().build();
    try (Connection connection = Nats.connect(options)) {
      JetStream jetStream = connection.jetStream();
      Queue<CompletableFuture<PublishAck>> onTheirWay = new ArrayDeque<>();
      byte[] payload = new byte[SIZE];
      long start = System.nanoTime();
      for (int n = 0; n < MESSAGES; n++) {
        if (onTheirWay.size() == WINDOW) {
          onTheirWay.remove().get();
        }
        onTheirWay.add(
            jetStream.publishAsync(
                // as long as the publisher's ids, because the server's work depends on that
                STREAM, payload, PublishOptions.builder().messageId("bareloop-" + n).build()));
      }
      for (CompletableFuture<PublishAck> ack : onTheirWay) {
        ack.get();
      }
      return System.nanoTime() - start;
    }
  }

  private static long consume(String url) throws Exception {
    try (Connection connection = Nats.connect(url)) {
      ConsumerContext consumer =
          connection
              .getStreamContext(STREAM)
              .createOrUpdateConsumer(
                  ConsumerConfiguration.builder()
                      .durable(NUID.nextGlobal())
                      .filterSubject(STREAM)
                      .ackPolicy(AckPolicy.Explicit)
                      .build());
      CountDownLatch left = new CountDownLatch(TO_READ);
      long[] start = new long[1];
      consumer.consume(
          message -> {
            if (start[0] == 0) {
              start[0] = System.nanoTime();
            }
            message.ack();
            left.countDown();
          });
      left.await();
      return System.nanoTime() - start[0];
    }
  }
}
