package io.github.natsexperiments.keyvalue;

import io.nats.client.Connection;
import io.nats.client.KeyValue;
import io.nats.client.KeyValueManagement;
import io.nats.client.Nats;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.StorageType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a window of puts brings, beside a loop of {@code KeyValue.put} on the same server. Not a
 * test: figures depend on the machine, so the two take turns, and what counts is the ratio of the
 * medians.
 *
 * <pre>
 * mvn package
 * java -cp 05-kv-store/target/test-classes:05-kv-store/target/publisher.jar \
 *     io.github.natsexperiments.keyvalue.KvBenchmark nats://localhost:4222 5
 * </pre>
 *
 * <p>It deletes the server's bucket {@code benchmark}.
 */
final class KvBenchmark {
  private static final String BUCKET = "benchmark";
  private static final int ONE_BY_ONE = 5_000;
  private static final int IN_WINDOW = 400_000;
  private static final int SIZE = 128;
  private static final Pattern RATE = Pattern.compile("\\((\\d+) messages/s\\)");

  private KvBenchmark() {}

  /**
   * Runs both and prints rates and their ratio.
   *
   * @param args the server's URL, and how many rounds (default: 5)
   */
  public static void main(String[] args) throws Exception {
    String url = args[0];
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
    List<Long> loop = new ArrayList<>();
    List<Long> window = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      loop.add(oneByOne(url));
      window.add(inWindow(url));
    }
    System.out.printf(
        "KeyValue.put %s, median %d/s%npublisher.jar --async %s, median %d/s%nratio %.1f%n",
        loop, median(loop), window, median(window), median(window) / (double) median(loop));
  }

  private static long oneByOne(String url) throws Exception {
    try (Connection connection = Nats.connect(url)) {
      KeyValueManagement buckets = connection.keyValueManagement();
      if (buckets.getBucketNames().contains(BUCKET)) {
        buckets.delete(BUCKET);
      }
      buckets.create(
          KeyValueConfiguration.builder().name(BUCKET).storageType(StorageType.File).build());
      KeyValue kv = connection.keyValue(BUCKET);
      byte[] value = new byte[SIZE];
      long start = System.nanoTime();
      for (int n = 0; n < ONE_BY_ONE; n++) {
        kv.put("key", value);
      }
      return Math.round(ONE_BY_ONE * 1e9 / (System.nanoTime() - start));
    }
  }

  private static long inWindow(String url) throws Exception {
    Path target =
        Path.of(KvBenchmark.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .getParent();
    Process publisher =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-jar",
                target.resolve("publisher.jar").toString(),
                "-s",
                url,
                "--bucket",
                BUCKET,
                "-n",
                "" + IN_WINDOW,
                "-i",
                "0",
                "-q",
                "--size",
                "" + SIZE,
                "--async")
            .start();
    try (var lines = publisher.errorReader()) {
      String summary =
          lines.lines().filter(line -> line.contains("messages/s")).findFirst().orElse("");
      Matcher rate = RATE.matcher(summary);
      if (publisher.waitFor() == 0 && rate.find()) {
        return Long.parseLong(rate.group(1));
      }
    }
    throw new IOException("publisher.jar ended with exit code " + publisher.waitFor());
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
