package io.github.natsexperiments.keyvalue;

import static io.github.natsexperiments.keyvalue.Entries.entries;
import static io.github.natsexperiments.testkit.Pair.connect;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.keyvalue.Entries.Entry;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 5,000 puts over 200 keys, and the server killed five times meanwhile. */
@Tag("soak")
class KvKillsIT {
  private static final Pattern REVISION = Pattern.compile("revision = \"(\\d+)\"");
  private static final int PUTS = 5000;
  private static final int KEYS = 200;
  private static final int KILLS = 5;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @RegisterExtension final TestServer server = TestServer.profile("open");

  @ParameterizedTest
  @ValueSource(strings = {"--verbose", "--async"}) // one put after the other, or in a window
  void nothingIsMissingNothingComesTwice(String mode) throws Exception {
    RunningProgram subscriber =
        subscriber(server, "--key", ">", "--follow", "-n", PUTS, "-t", "60s").start();
    subscriber.waitForStderr("Waiting for bucket");
    RunningProgram publisher =
        publisher(
                server,
                "--history",
                64,
                "--keys",
                keys(),
                "-n",
                PUTS,
                "-i",
                "1ms",
                "-m",
                "{n}",
                mode)
            .start();
    for (int kill = 1; kill <= KILLS; kill++) {
      int before = kill * PUTS / (KILLS + 1);
      publisher.waitForStdout(line -> revision(line) > before);
      server.kill();
      server.start();
    }
    assertThat(publisher.waitForExit(PATIENCE)).isZero();
    assertThat(subscriber.waitForExit(PATIENCE)).isZero();

    // Each put once, each watched once, in the order of their revisions; per key in that of the
    // puts.
    List<Entry> watched = entries(subscriber);
    assertThat(watched.stream().map(Entry::revision))
        .isEqualTo(LongStream.rangeClosed(1, PUTS).boxed().toList());
    assertThat(watched.stream().map(entry -> Integer.parseInt(entry.value())).sorted())
        .isEqualTo(IntStream.range(0, PUTS).boxed().toList());
    Map<String, Integer> last = new HashMap<>();
    for (Entry entry : watched) {
      int value = Integer.parseInt(entry.value());
      assertThat(entry.key()).isEqualTo("k" + value % KEYS);
      assertThat(last.getOrDefault(entry.key(), -1)).isLessThan(value);
      last.put(entry.key(), value);
    }
    try (Connection connection = connect(server)) {
      KeyValue kv = connection.keyValue("sample_kv");
      for (String key : last.keySet()) {
        assertThat(kv.get(key).getValueAsLong()).isEqualTo(last.get(key).longValue());
      }
    }
  }

  /**
   * With a history of 1 a killed server forgets the ids of all values but the newest: nothing may
   * be sent again that would come after a newer value.
   */
  @Test
  void theValuePutLastStays() throws Exception {
    int puts = 60_000;
    RunningProgram publisher =
        publisher(server, "-n", puts, "-i", 0, "-m", "{n}", "--async").start();
    for (int kill = 1; kill <= 3; kill++) {
      int before = kill * puts / 5;
      publisher.waitForStdout(line -> revision(line) > before);
      server.kill();
      server.start();
    }
    assertThat(publisher.waitForExit(PATIENCE)).isZero();
    publisher.waitForStderr("Put " + puts + " messages");
    try (Connection connection = connect(server)) {
      KeyValue kv = connection.keyValue("sample_kv");
      assertThat(kv.get("key").getValueAsLong()).isEqualTo(puts - 1);
      assertThat(kv.get("key").getRevision()).isEqualTo(puts); // each stored once
    }
  }

  private static String keys() {
    return IntStream.range(0, KEYS).mapToObj(n -> "k" + n).collect(Collectors.joining(","));
  }

  /** The revision, or -1 where the line is not yet written to its end. */
  private static int revision(String ack) {
    Matcher revision = REVISION.matcher(ack);
    return revision.find() ? Integer.parseInt(revision.group(1)) : -1;
  }
}
