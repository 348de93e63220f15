package io.github.natsexperiments.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.Mirror;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Put, count, expire: what the pair does once it is logged in. */
class TokenPairIT {
  private static final Login LOGIN = Login.issue();

  @RegisterExtension static final TestServer server = TestServer.with(LOGIN.config());

  @AfterEach
  void removeBuckets() throws Exception {
    try (Connection connection = LOGIN.connect(server)) {
      for (String bucket : connection.keyValueManagement().getBucketNames()) {
        connection.keyValueManagement().delete(bucket);
      }
    }
  }

  private void put(Object... args) {
    assertThat(LOGIN.publisher(server, args).start().waitForExit()).isZero();
  }

  private boolean hasExpiry() {
    return !server.description().contains("nats-server 2.9")
        && !server.description().contains("nats-server 2.10");
  }

  @Test
  void theSubscriberSeesWhatThePublisherPuts() throws Exception {
    LOGIN.bucketWithHistory(server);
    RunningProgram subscriber = LOGIN.subscriber(server, "-n", 5).start();
    subscriber.waitForStderr("Waiting for changes");
    RunningProgram publisher = LOGIN.publisher(server, "-n", 5, "-i", "20ms").start();

    assertThat(publisher.waitForExit()).isZero();
    assertThat(publisher.stdoutLines())
        .hasSize(5)
        .startsWith("Ack: bucket = \"sample_kv\", key = \"key\", revision = \"1\"");
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines().get(4))
        .startsWith("PUT key \"key\" (revision = \"5\", age = \"")
        .endsWith("\"): Hello #4 from Key/Value NATS publisher");
  }

  @Test
  void whoFollowsWaitsForTheBucket() {
    RunningProgram subscriber = LOGIN.subscriber(server, "--follow", "-n", 5).start();
    subscriber.waitForStderr("Waiting for bucket \"sample_kv\" to be created");
    put("--increment", "-n", 5, "-i", 0);
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines()).hasSize(5).last().asString().endsWith("): 5");
  }

  @Test
  void incrementsAddUp() throws Exception {
    RunningProgram first = LOGIN.publisher(server, "--increment", "-n", 3, "-i", 0).start();
    assertThat(first.waitForExit()).isZero();
    assertThat(first.stdoutLines())
        .last()
        .isEqualTo("Ack: bucket = \"sample_kv\", key = \"key\", revision = \"3\", value = \"3\"");
    put("--increment", "-n", 2, "-i", 0);
    try (Connection connection = LOGIN.connect(server)) {
      KeyValue kv = connection.keyValue("sample_kv");
      assertThat(kv.get("key").getValueAsString()).isEqualTo("5");

      kv.delete("key"); // a deleted key has a revision, but no number: counting begins anew
      put("--increment", "-n", 1);
      assertThat(kv.get("key").getValueAsString()).isEqualTo("1");

      kv.put("key", "many");
      RunningProgram wrong = LOGIN.publisher(server, "--increment", "-n", 1).start();
      assertThat(wrong.waitForExit()).isEqualTo(1);
      wrong.waitForStderr("ERROR Key \"key\" holds no number: name another one");

      kv.put("key", Long.toString(Long.MAX_VALUE - 1));
      RunningProgram full = LOGIN.publisher(server, "--increment", "-n", 2, "-i", 0).start();
      assertThat(full.waitForExit()).isEqualTo(1);
      full.waitForStderr("ERROR Key \"key\" holds the largest number: name another one");
      assertThat(kv.get("key").getValueAsString()).isEqualTo(Long.toString(Long.MAX_VALUE));
    }
  }

  @Tag("soak")
  @Test
  void theServerAddsAndLosesNothingWhenItIsKilled() throws Exception {
    Object[] args = {"--increment", "server", "--bucket", "sums", "-n", 3000, "-i", 0};
    RunningProgram one = LOGIN.publisher(server, args).start();
    if (server.description().matches(".*nats-server 2\\.(9|10|11)\\..*")) {
      assertThat(one.waitForExit()).isEqualTo(1);
      assertThat(one.waitForStderr("ERROR"))
          .startsWith("ERROR --increment server needs nats-server 2.12 or newer; this is 2.");
      return;
    }
    RunningProgram other = LOGIN.publisher(server, args).start();
    await().until(() -> one.stdoutLines().size() > 500 && other.stdoutLines().size() > 500);
    server.kill();
    server.start();
    assertThat(one.waitForExit()).isZero();
    assertThat(other.waitForExit()).isZero();
    assertThat(one.stdoutLines().get(0)).matches("Ack: bucket = \"sums\", .*, value = \"\\d+\"");
    try (Connection connection = LOGIN.connect(server)) {
      String sum = connection.keyValue("sums").get("key").getValueAsString();
      assertThat(sum).isEqualTo("{\"val\":\"6000\"}");
    }
    put("-n", 1);
    RunningProgram values = LOGIN.publisher(server, "--increment", "server", "-n", 1).start();
    assertThat(values.waitForExit()).isEqualTo(1);
    values.waitForStderr("ERROR Bucket \"sample_kv\" keeps values, no counters: name another");
    for (String how : List.of("--increment", "--interval=0")) {
      RunningProgram counters = LOGIN.publisher(server, "--bucket", "sums", how).start();
      assertThat(counters.waitForExit()).isEqualTo(1);
      counters.waitForStderr("ERROR Bucket \"sums\" keeps counters, no values: write to another");
    }
    theServerThatAddsIsSilentAndThenItsBucketIsGone();
  }

  private void theServerThatAddsIsSilentAndThenItsBucketIsGone() throws Exception {
    RunningProgram publisher =
        LOGIN.publisher(server, "--increment", "server", "--bucket", "sums", "-i", "20ms").start();
    publisher.waitForStdout("Ack: ");
    server.pause();
    publisher.waitForStderr("WARN The server does not answer the last request");
    server.resume();
    publisher.waitForStderr("INFO The server answers again");
    try (Connection connection = LOGIN.connect(server)) {
      connection.keyValueManagement().delete("sums");
    }
    assertThat(publisher.waitForExit()).isEqualTo(1);
    publisher.waitForStderr("ERROR Bucket \"sums\": it is gone");
  }

  @Tag("more")
  @Test
  void aCounterThatTakesNoKeys() throws Exception {
    if (server.description().matches(".*nats-server 2\\.(9|10|11)\\..*")) {
      return; // it cannot count
    }
    try (Connection connection = LOGIN.connect(server)) {
      connection
          .jetStreamManagement()
          .addStream(
              StreamConfiguration.builder()
                  .name("KV_odd")
                  .subjects("odd")
                  .allowMessageCounter()
                  .allowDirect(true)
                  .build());
    }
    RunningProgram publisher =
        LOGIN.publisher(server, "--increment", "server", "--bucket", "odd").start();
    assertThat(publisher.waitForExit(Duration.ofSeconds(5))).isEqualTo(1);
    publisher.waitForStderr(
        "ERROR Bucket \"odd\" takes no writes: its stream has no subject $KV.odd.>");
  }

  @Test
  void aNumberExpires() throws Exception {
    if (!hasExpiry()) {
      return;
    }
    put("--increment", "--ttl", "1s", "-n", 2, "-i", 0);
    try (Connection connection = LOGIN.connect(server)) {
      KeyValue kv = connection.keyValue("sample_kv");
      await().until(() -> kv.get("key") == null);
    }
  }

  @Tag("more")
  @Test
  void aBucketThatKeepsValuesLonger() throws Exception {
    if (!hasExpiry()) {
      return;
    }
    try (Connection connection = LOGIN.connect(server)) {
      connection
          .keyValueManagement()
          .create(
              KeyValueConfiguration.builder("sample_kv")
                  .maxHistoryPerKey(2)
                  .limitMarker(Duration.ofMinutes(5))
                  .build());
    }
    RunningProgram publisher = LOGIN.publisher(server, "--ttl", "2s", "-n", 1).start();
    assertThat(publisher.waitForExit()).isZero();
    assertThat(publisher.waitForStderr("WARN"))
        .isEqualTo(
            "WARN Bucket \"sample_kv\" keeps each value for 300 s at least, because its history is"
                + " not 1; name another --bucket");
  }

  @Test
  void aValueExpires() {
    RunningProgram publisher = LOGIN.publisher(server, "--ttl", "2s", "-n", 1).start();
    if (!hasExpiry()) {
      assertThat(publisher.waitForExit()).isEqualTo(1);
      publisher.waitForStderr(
          "ERROR Values that expire need nats-server 2.11 or newer; this is 2.");
      return;
    }
    RunningProgram subscriber = LOGIN.subscriber(server, "--follow", "-n", 2).start();
    publisher.waitForStdout("Ack: ");
    long put = System.nanoTime();
    subscriber.waitForStdout("EXPIRED key \"key\" (revision = \"2\"");
    assertThat(Duration.ofNanos(System.nanoTime() - put)).isLessThan(Duration.ofSeconds(3));
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines()).first().asString().startsWith("PUT key \"key\"");
  }

  @Test
  void aPurgeIsNoExpiry() throws Exception {
    put("-n", 1);
    RunningProgram subscriber = LOGIN.subscriber(server, "-n", 3).start();
    subscriber.waitForStderr("Waiting for changes");
    try (Connection connection = LOGIN.connect(server)) {
      connection.keyValue("sample_kv").purge("key");
      subscriber.waitForStdout("PURGE "); // the bucket keeps one message of a key
      connection.keyValue("sample_kv").delete("key");
    }
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines().get(1)).startsWith("PURGE key \"key\" (revision = \"2\"");
    assertThat(subscriber.stdoutLines().get(2)).startsWith("DELETE key \"key\" (revision = \"3\"");
  }

  @Test
  void aBucketWithoutLifetimes() {
    if (!hasExpiry()) {
      return; // reported before the bucket is looked at
    }
    put("-n", 1);
    RunningProgram publisher = LOGIN.publisher(server, "--ttl", "2s", "-n", 1).start();
    assertThat(publisher.waitForExit()).isEqualTo(1);
    publisher.waitForStderr("ERROR Bucket \"sample_kv\": it was created without --ttl");
  }

  @Tag("more")
  @Test
  void aBucketThatForgetsTooSoonIsTold() {
    put("-n", 1, "--key", "other");
    RunningProgram publisher = LOGIN.publisher(server, "--increment", "-n", 1).start();
    assertThat(publisher.waitForExit()).isZero();
    publisher.waitForStderr("WARN Bucket \"sample_kv\" keeps 1 of the 64 newest values");
  }

  @Tag("more")
  @Test
  void wrongUsage() {
    for (List<Object> args :
        List.<List<Object>>of(
            List.of("--ttl", "500ms"),
            List.of("--ttl", "1500ms"),
            List.of("--increment", "client"),
            List.of("--increment", "server", "--ttl", "2s"),
            List.of("--increment", "-m", "text"),
            List.of("--increment", "--size", 9),
            List.of("--stdin", "--size", 9),
            List.of("--replicas", 0),
            List.of("--replicas", 6),
            List.of("--key", "a..b"),
            List.of("--bucket", "a.b"))) {
      RunningProgram publisher = LOGIN.publisher(server, args.toArray()).start();
      assertThat(publisher.waitForExit()).isEqualTo(2);
      assertThat(publisher.stderrLines()).hasSize(1);
    }
  }

  @Tag("more")
  @Test
  void moreReplicasThanServers() {
    RunningProgram publisher = LOGIN.publisher(server, "--replicas", 3).start();
    assertThat(publisher.waitForExit()).isEqualTo(1);
    publisher.waitForStderr("only a cluster keeps several copies: leave out --replicas");
  }

  @Test
  void aMirrorTakesNoPuts() throws Exception {
    LOGIN.bucketWithHistory(server);
    try (Connection connection = LOGIN.connect(server)) {
      connection
          .keyValueManagement()
          .create(
              KeyValueConfiguration.builder("copy")
                  .mirror(Mirror.builder().name("sample_kv").build())
                  .build());
    }
    RunningProgram publisher = LOGIN.publisher(server, "--bucket", "copy").start();
    assertThat(publisher.waitForExit()).isEqualTo(1);
    publisher.waitForStderr(
        "ERROR Bucket \"copy\" is a mirror of bucket \"sample_kv\": write to that one");
  }

  @Test
  void aMissingBucket() {
    RunningProgram subscriber = LOGIN.subscriber(server).start();
    assertThat(subscriber.waitForExit()).isEqualTo(1);
    subscriber.waitForStderr("ERROR There is no bucket \"sample_kv\": start publisher.jar");
  }

  @Test
  void theBucketIsDeletedWhileItIsWritten() throws Exception {
    RunningProgram publisher = LOGIN.publisher(server, "-i", "20ms").start();
    publisher.waitForStdout("Ack: ");
    try (Connection connection = LOGIN.connect(server)) {
      connection.keyValueManagement().delete("sample_kv");
    }
    assertThat(publisher.waitForExit()).isEqualTo(1);
    publisher.waitForStderr("ERROR Bucket \"sample_kv\": it is gone");
  }

  @Test
  void theWatchGoesOnAfterARestart() throws Exception {
    LOGIN.bucketWithHistory(server);
    put("-n", 1, "-m", "before");
    RunningProgram subscriber = LOGIN.subscriber(server, "-n", 11).start();
    subscriber.waitForStdout("before");
    server.kill();
    subscriber.waitForStderr("Disconnected from");
    server.start();
    long up = System.nanoTime();
    try (Connection connection = LOGIN.connect(server)) {
      KeyValue kv = connection.keyValue("sample_kv");
      for (int n = 0; n < 10; n++) {
        kv.put("key", "after " + n);
      }
    }
    subscriber.waitForStdout("after 9");
    assertThat(Duration.ofNanos(System.nanoTime() - up)).isLessThan(Duration.ofSeconds(2));
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines().stream().map(TokenPairIT::revision))
        .isEqualTo(LongStream.rangeClosed(1, 11).boxed().toList());
  }

  @Test
  void stoppedWhileTheServerIsAway() throws Exception {
    RunningProgram publisher = LOGIN.publisher(server, "-i", 0).start(); // a put is under way
    publisher.waitForStdout("Ack: ");
    server.kill();
    publisher.waitForStderr("Disconnected from");
    publisher.sigint();
    assertThat(publisher.waitForExit(Duration.ofSeconds(5))).isEqualTo(130);
    await().untilAsserted(() -> publisher.waitForStderr("without an answer"));
    server.start();
  }

  private static long revision(String line) {
    return Long.parseLong(line.replaceAll(".*revision = \"(\\d+)\".*", "$1"));
  }
}
