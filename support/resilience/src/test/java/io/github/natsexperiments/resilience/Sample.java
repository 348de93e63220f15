package io.github.natsexperiments.resilience;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.Proxy;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.Options;
import io.nats.client.OrderedConsumerContext;
import io.nats.client.PublishOptions;
import io.nats.client.StreamContext;
import io.nats.client.api.ConsumerLimits;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A stream of numbers, and connections that come back soon. */
final class Sample {
  static final String STREAM = "numbers";
  static final String SUBJECT = "number";

  private Sample() {}

  /** A connection that tries again ten times a second, and is guarded. */
  static Connection connect(String url) throws Exception {
    return connect(Options.builder().servers(url.split(",")));
  }

  static Connection connect(Options.Builder login) throws Exception {
    Connection connection = Connector.connect(soonBack(login));
    HalfOpenGuard.of(connection);
    return connection;
  }

  static Options options(String urls) {
    return soonBack(Options.builder().servers(urls.split(",")));
  }

  private static Options soonBack(Options.Builder options) {
    return options
        .connectionTimeout(Duration.ofSeconds(2))
        .maxReconnects(-1)
        .reconnectWait(Duration.ofMillis(100))
        .errorListener(new ErrorListener() {})
        .build();
  }

  /** Deletes all streams: the server is like new for the next test, and sooner than a new one. */
  static void clear(RunningServer server) throws Exception {
    try (Connection connection = connect(server.url())) {
      JetStreamManagement management = connection.jetStreamManagement();
      for (String stream : management.getStreamNames()) {
        management.deleteStream(stream);
      }
    }
  }

  static StreamConfiguration.Builder stream() {
    return StreamConfiguration.builder()
        .name(STREAM)
        .subjects(SUBJECT)
        .storageType(StorageType.File);
  }

  /** No consumer of the stream may be unused for longer than a second. */
  static void limitInactivity(Connection connection, String stream) throws Exception {
    JetStreamManagement management = connection.jetStreamManagement();
    management.updateStream(
        StreamConfiguration.builder(management.getStreamInfo(stream).getConfiguration())
            .consumerLimits(ConsumerLimits.builder().inactiveThreshold(1000).build())
            .build());
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

  /**
   * Breaks it.
   *
   * @param how cut, cutTwice, silence or silenceServer; a silence lasts until {@link Proxy#speak}
   */
  static void breakNetwork(Proxy proxy, String how) throws IOException {
    switch (how) {
      case "cut" -> proxy.cut();
      case "cutTwice" -> proxy.cutTwice();
      case "silence" -> proxy.silence();
      default -> proxy.silenceServer();
    }
  }

  /** The bodies of a stream's messages, in its order, read by a new connection. */
  static List<String> bodies(String url, String stream) throws Exception {
    List<String> bodies = new ArrayList<>();
    try (Connection connection = connect(url)) {
      StreamContext context = connection.getStreamContext(stream);
      long count = context.getStreamInfo().getStreamState().getMsgCount();
      OrderedConsumerContext reader =
          context.createOrderedConsumer(new OrderedConsumerConfiguration());
      try (IterableConsumer messages = reader.iterate()) {
        while (bodies.size() < count) {
          Message message = messages.nextMessage(Duration.ofSeconds(5));
          bodies.add(new String(message.getData(), StandardCharsets.UTF_8));
        }
      }
    }
    return bodies;
  }
}
