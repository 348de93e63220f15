package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.Pair;
import io.nats.client.Connection;
import io.nats.client.api.ConsumerInfo;

/** The lesson's durable consumer. */
final class Durable {
  private Durable() {}

  /** How it stands. */
  static ConsumerInfo consumer(RunningServer server) throws Exception {
    try (Connection connection = Pair.connect(server)) {
      return connection.jetStreamManagement().getConsumerInfo("sample_stream", "callbacks");
    }
  }
}
