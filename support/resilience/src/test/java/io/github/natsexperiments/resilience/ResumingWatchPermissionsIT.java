package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Proxy;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.KeyValue;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.StorageType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Users as a careful administrator makes them. */
@Tag("soak")
class ResumingWatchPermissionsIT {
  private static final String CREATE = "\"$JS.API.CONSUMER.CREATE.KV_b.>\", \"$JS.FC.>\"";
  private static final String INFO = ", \"$JS.API.STREAM.INFO.KV_b\"";
  private static final String DELETE = ", \"$JS.API.CONSUMER.DELETE.KV_b.*\"";

  private static final ServerConfig CONFIG =
      new ServerConfig(
          "narrow",
          """
          http: 8222
          jetstream: enabled
          accounts: {
            A: { jetstream: enabled, users: [
              { user: admin, password: x }
              %s
              %s
              %s
            ] }
            NONE: { users: [ { user: without, password: x } ] }
          }
          """
              .formatted(
                  user("watcher", CREATE + INFO + DELETE),
                  user("keeper", CREATE + INFO),
                  user("blind", CREATE)));

  @RegisterExtension static final TestServer server = TestServer.with(CONFIG);

  private final WatchRecorder seen = new WatchRecorder();
  private final List<String> errors = new CopyOnWriteArrayList<>();

  private static String user(String name, String publish) {
    return "{ user: %s, password: x, permissions: { publish: [ %s ], subscribe: [ \"_INBOX.>\" ] } }"
        .formatted(name, publish);
  }

  private Connection connect(String url, String user) throws Exception {
    return Nats.connect(
        Options.builder()
            .server(url)
            .userInfo(user.toCharArray(), "x".toCharArray())
            .maxReconnects(-1)
            .reconnectWait(Duration.ofMillis(50))
            .errorListener(
                new ErrorListener() {
                  @Override
                  public void errorOccurred(Connection connection, String error) {
                    errors.add(error);
                  }
                })
            .build());
  }

  private KeyValue bucket(Connection admin) throws Exception {
    admin
        .keyValueManagement()
        .create(
            KeyValueConfiguration.builder("b")
                .maxHistoryPerKey(64)
                .storageType(StorageType.Memory)
                .build());
    return admin.keyValue("b");
  }

  /** Nobody may ask for consumers here; the watch has no need to. */
  @ParameterizedTest
  @ValueSource(strings = {"watcher", "keeper"})
  void thePermissionToCreateConsumersIsEnough(String user) throws Exception {
    try (Proxy proxy = new Proxy(server.port());
        Connection admin = connect(server.url(), "admin");
        Connection watching = connect(proxy.url(), user);
        HalfOpenGuard guard = HalfOpenGuard.of(watching);
        ResumingWatch watch = new ResumingWatch(watching, "b", false, seen)) {
      KeyValue kv = bucket(admin);
      long before = kv.put("key", user + " before");
      watch.watch("key", seen);
      seen.awaitValue(user + " before", Duration.ofSeconds(2));
      String first = admin.jetStreamManagement().getConsumerNames("KV_b").get(0);

      // A good while: the consumer stays, and nobody is asked anything.
      await().pollDelay(Duration.ofSeconds(4)).until(() -> true);
      assertThat(admin.jetStreamManagement().getConsumerNames("KV_b")).containsExactly(first);
      assertThat(errors).isEmpty();

      for (int round = 0; round < 3; round++) {
        proxy.cut();
        kv.put("key", user + round);
        // A cut that takes a request of the watch along costs the 2 s that it waits for the answer.
        seen.awaitValue(user + round, Duration.ofSeconds(10));
        if (user.equals("watcher")) {
          assertThat(admin.jetStreamManagement().getConsumerNames("KV_b"))
              .hasSizeLessThanOrEqualTo(2); // one, unless a cut has taken a request to delete along
        }
      }
      assertThat(seen.revisions).containsExactly(before, before + 1, before + 2, before + 3);
      // One who may not delete hears it once; unused, the old consumers go by themselves.
      await().until(() -> user.equals("watcher") || !errors.isEmpty());
      // Once more if a cut has taken the refusal along.
      assertThat(errors)
          .hasSizeBetween(user.equals("watcher") ? 0 : 1, user.equals("watcher") ? 0 : 2);
      assertThat(errors).allMatch(error -> error.contains("$JS.API.CONSUMER.DELETE.KV_b."));
      await()
          .atMost(Duration.ofSeconds(15))
          .until(() -> admin.jetStreamManagement().getConsumerNames("KV_b").size() == 1);
      assertThat(seen.failure).isNull();
    }
  }

  @Test
  void aMissingPermissionEndsTheWatch() throws Exception {
    try (Connection admin = connect(server.url(), "admin");
        Connection watching = connect(server.url(), "blind");
        ResumingWatch watch = new ResumingWatch(watching, "b", true, seen)) {
      bucket(admin);
      watch.watch("key", seen);
      assertThat(seen.awaitFailure(Duration.ofSeconds(5)))
          .isInstanceOf(NotPermittedException.class)
          .hasMessageContaining("$JS.API.STREAM.INFO.KV_b");
    }
  }

  @Test
  void anAccountWithoutJetStream() throws Exception {
    try (Connection watching = connect(server.url(), "without");
        ResumingWatch watch = new ResumingWatch(watching, "b", true, seen)) {
      watch.watch("key", seen);
      assertThat(seen.awaitFailure(Duration.ofSeconds(5)))
          .hasMessageContaining("JetStream not enabled for account");
    }
  }
}
