package io.github.natsexperiments.keyvalue;

import static io.github.natsexperiments.testkit.Pair.connect;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.KeyValue;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.StorageType;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each key once, or a failure. */
class KvListIT {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @Test
  void aBucketThatIsWrittenMeanwhile() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    try (Connection connection = connect(server)) {
      connection
          .keyValueManagement()
          .create(
              KeyValueConfiguration.builder("busy")
                  .maxHistoryPerKey(5)
                  .storageType(StorageType.Memory)
                  .build());
      KeyValue kv = connection.keyValue("busy");
      List<String> keys = IntStream.range(0, 1000).mapToObj(key -> "k" + key).toList();
      for (String key : keys) {
        kv.put(key, "0");
      }
      CompletableFuture<Void> writer =
          CompletableFuture.runAsync(
              () -> {
                while (!over.get()) {
                  keys.forEach(key -> connection.publish("$KV.busy." + key, new byte[1]));
                  put(kv, keys.get(0)); // the server has all of them
                }
              });
      RunningProgram list = subscriber(server, "--bucket", "busy", "--list").start();
      int exitCode = list.waitForExit();
      over.set(true);
      writer.get();
      assertThat(exitCode).isZero();
      assertThat(list.stdoutLines()).containsExactlyInAnyOrderElementsOf(keys);
    }
  }

  private static void put(KeyValue kv, String key) {
    try {
      kv.put(key, "1");
    } catch (IOException | JetStreamApiException e) {
      throw new AssertionError(e);
    }
  }

  private static RunningServer forOneSubscription() throws IOException {
    String open = ServerConfig.profile("open").text();
    return TestServer.start(new ServerConfig("one subscription", open + "\nmax_subs: 1\n"));
  }

  @Test
  void keysThatTheServerDoesNotSend() throws Exception {
    try (RunningServer narrow = forOneSubscription()) {
      assertThat(publisher(narrow, "-n", 1).start().waitForExit()).isZero();
      RunningProgram list = subscriber(narrow, "--list").start();
      assertThat(list.waitForExit()).isEqualTo(1);
      list.waitForStderr("ERROR The server allows no more subscriptions");
      assertThat(list.stdoutLines()).isEmpty();
    }
  }

  @Test
  void aPollOfADeletedKeyNeedsNoSubscription() throws Exception {
    try (RunningServer narrow = forOneSubscription()) {
      assertThat(publisher(narrow, "-n", 1).start().waitForExit()).isZero();
      assertThat(publisher(narrow, "--delete", "key").start().waitForExit()).isZero();
      RunningProgram poll = subscriber(narrow, "--poll", "-n", 1, "-t", "5s").start();
      assertThat(poll.waitForExit()).isZero();
      poll.waitForStdout("DELETE key \"key\"");
    }
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"--list", "--get=key", "--poll", "--follow"})
  void anAccountWithoutJetStream(String option) throws Exception {
    String accounts =
        """

        accounts { WITH: { jetstream: enabled }, WITHOUT: { users: [ { user: a, password: a } ] } }
        no_auth_user: a
        """;
    String open = ServerConfig.profile("open").text();
    try (RunningServer narrow = TestServer.start(new ServerConfig("accounts", open + accounts))) {
      RunningProgram program = subscriber(narrow, option).start();
      assertThat(program.waitForExit()).isEqualTo(1);
      assertThat(program.waitForStderr("ERROR "))
          .endsWith(
              "JetStream not enabled for account [10039]; enable JetStream for the account, or log in to another one")
          .doesNotContain("Exception");
    }
  }

  @Tag("more")
  @Test
  void aListMayWaitForItsBucket() {
    RunningProgram list =
        subscriber(server, "--bucket", "later", "--list", "--follow", "-t", "20s").start();
    list.waitForStderr("Waiting for bucket \"later\" to be created");
    assertThat(publisher(server, "--bucket", "later", "-n", 1).start().waitForExit()).isZero();
    assertThat(list.waitForExit()).isZero();
  }
}
