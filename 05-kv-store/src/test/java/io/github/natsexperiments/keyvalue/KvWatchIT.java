package io.github.natsexperiments.keyvalue;

import static io.github.natsexperiments.keyvalue.Entries.watching;
import static io.github.natsexperiments.testkit.Pair.connect;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.Mirror;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can end a watch, or make it begin again. */
class KvWatchIT {
  private static final Duration SOON = Duration.ofSeconds(5);

  @RegisterExtension final TestServer server = TestServer.profile("open");

  private static void bucket(Connection connection, String name) throws Exception {
    connection
        .keyValueManagement()
        .create(KeyValueConfiguration.builder(name).maxHistoryPerKey(64).build());
  }

  @Test
  void aLoginThatIsNotAcceptedAnyMore() throws Exception {
    try (Connection connection = connect(server)) {
      bucket(connection, "sample_kv");
    }
    RunningProgram subscriber = watching(subscriber(server, "--follow"));
    String open = ServerConfig.profile("open").text();
    server.reload(new ServerConfig("login", open + "\nauthorization { token: other }\n"));
    assertThat(subscriber.waitForExit(SOON)).isEqualTo(4);
    List<String> lines = subscriber.stderrLines();
    assertThat(lines.get(lines.size() - 1)).startsWith("ERROR ");
    assertThat(lines.get(lines.size() - 2)).contains("Received 0 messages");
    assertThat(lines).filteredOn(line -> line.startsWith("ERROR")).hasSize(1);
  }

  @Tag("soak")
  @Test
  void revisionsOfANewBucketAreNotSkippedBackwards() throws Exception {
    try (Connection connection = connect(server)) {
      bucket(connection, "sample_kv");
      KeyValue kv = connection.keyValue("sample_kv");
      for (int n = 0; n < 5; n++) {
        kv.put("key", "old");
      }
      RunningProgram subscriber =
          watching(subscriber(server, "--key", ">", "--follow", "--history", "-n", 7));
      connection.keyValueManagement().delete("sample_kv");
      bucket(connection, "sample_kv");
      kv.put("key", "new 1");
      kv.put("key", "new 2");
      assertThat(subscriber.waitForExit()).isZero();
      subscriber.waitForStderr("last revision 2, skipped 0");
      subscriber.waitForStderr("Bucket \"sample_kv\" is a new one");
    }
  }

  @Tag("soak")
  @Test
  void aMirror() throws Exception {
    publisher(server, "-n", 1, "-m", "mirrored").start().waitForExit();
    try (Connection connection = connect(server)) {
      connection
          .keyValueManagement()
          .create(
              KeyValueConfiguration.builder("copy")
                  .mirror(Mirror.builder().name("KV_sample_kv").build())
                  .build());
    }
    RunningProgram watch = subscriber(server, "--bucket", "copy", "-n", 1, "-t", "10s").start();
    assertThat(watch.waitForExit()).isZero();
    watch.waitForStdout("mirrored");
    RunningProgram get = subscriber(server, "--bucket", "copy", "--get", "key").start();
    assertThat(get.waitForExit()).isEqualTo(1);
    get.waitForStderr("ERROR Bucket \"copy\" is a mirror of KV_sample_kv");
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {"--follow", "--list", "--get=key", "--poll"})
  void aMissingPermissionIsNamed(String option) throws Exception {
    ServerConfig config =
        new ServerConfig(
            "narrow",
            """
            http: 8222
            jetstream: enabled
            authorization: { users: [
              { user: narrow, password: x, permissions: {
                  publish: [ "$JS.API.CONSUMER.CREATE.KV_sample_kv.>" ], subscribe: [ "_INBOX.>" ] } }
            ] }
            """);
    try (RunningServer narrow = TestServer.start(config)) {
      RunningProgram program =
          subscriber(narrow, option).env("NATS_USER", "narrow").env("NATS_PASSWORD", "x").start();
      assertThat(program.waitForExit(Duration.ofSeconds(15))).isEqualTo(4);
      List<String> lines = program.stderrLines();
      assertThat(lines.get(lines.size() - 1))
          .startsWith("ERROR ")
          .contains("$JS.API.STREAM.INFO.KV_sample_kv");
      assertThat(lines).filteredOn(line -> line.startsWith("ERROR")).hasSize(1);
    }
  }
}
