package io.github.natsexperiments.resilience;

import io.github.natsexperiments.server.RunningServer;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Options;
import io.nats.client.PublishOptions;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A stream of numbers, and connections that come back soon. */
final class Sample {
  static final String STREAM = "numbers";
  static final String SUBJECT = "number";

  private Sample() {}

  /** A connection that tries again ten times a second, and is guarded. */
  static Connection connect(String url) throws Exception {
    return connect(Options.builder().servers(url.split(",")));
  }

  static Connection connect(Options.Builder options) throws Exception {
    Connection connection =
        Connector.connect(
            options
                .connectionTimeout(Duration.ofSeconds(2))
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(100))
                .errorListener(new ErrorListener() {})
                .build());
    HalfOpenGuard.of(connection);
    return connection;
  }

  static StreamConfiguration.Builder stream() {
    return StreamConfiguration.builder()
        .name(STREAM)
        .subjects(SUBJECT)
        .storageType(StorageType.File);
  }

  static void addStream(RunningServer server, StreamConfiguration.Builder stream) throws Exception {
    try (Connection connection = connect(server.url())) {
      connection.jetStreamManagement().addStream(stream.build());
    }
  }

  /** Stores the numbers from one to one less than the other; each is tried until it is stored. */
  static void publish(RunningServer server, int from, int end) throws Exception {
    try (Connection connection = connect(server.url())) {
      for (int number = from; number < end; number++) {
        connection
            .jetStream()
            .publish(
                SUBJECT,
                String.valueOf(number).getBytes(StandardCharsets.UTF_8),
                PublishOptions.builder().messageId("n" + number).build());
      }
    }
  }
}
