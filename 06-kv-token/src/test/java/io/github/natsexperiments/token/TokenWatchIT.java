package io.github.natsexperiments.token;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.KeyValue;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What can end the watch of this lesson, or make it begin again. */
class TokenWatchIT {
  private static final Login LOGIN = Login.issue();

  @RegisterExtension final TestServer server = TestServer.with(LOGIN.config());

  @Test
  void anAccountWithoutJetStream() throws Exception {
    ServerConfig config =
        new ServerConfig(
            "accounts",
            """
            http: 8222
            jetstream: enabled
            accounts: {
              WITH: { jetstream: enabled, users: [ { user: with, password: x } ] }
              WITHOUT: { users: [ { user: without, password: x } ] }
            }
            """);
    try (RunningServer accounts = TestServer.start(config)) {
      RunningProgram program =
          Login.program("subscriber", accounts, "--follow")
              .env("NATS_USER", "without")
              .env("NATS_PASSWORD", "x")
              .start();
      assertThat(program.waitForExit(Duration.ofSeconds(10))).isEqualTo(1);
      List<String> lines = program.stderrLines();
      assertThat(lines.get(lines.size() - 1))
          .startsWith("ERROR ")
          .contains("JetStream not enabled for account");
    }
  }

  @Tag("soak")
  @Test
  void aNewBucketIsShownFromItsFirstRevision() throws Exception {
    LOGIN.bucketWithHistory(server);
    RunningProgram subscriber = LOGIN.subscriber(server, "--follow").start();
    subscriber.waitForStderr("Waiting for changes");
    try (Connection connection = LOGIN.connect(server)) {
      KeyValue kv = connection.keyValue("sample_kv");
      for (int n = 1; n <= 5; n++) {
        kv.put("key", "old " + n);
      }
      subscriber.waitForStdout("old 5");
      connection.keyValueManagement().delete("sample_kv");
      LOGIN.bucketWithHistory(server);
      for (int n = 1; n <= 7; n++) {
        kv.put("key", "new " + n);
      }
      subscriber.waitForStdout("new 7");
      subscriber.waitForStderr("Bucket \"sample_kv\" is a new one");
      assertThat(subscriber.stdoutLines()).hasSize(12);
    }
  }
}
