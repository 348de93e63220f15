package io.github.natsexperiments.resilience.examples;

import io.github.natsexperiments.resilience.IdempotentPublisher;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StreamConfiguration;

/** Stores messages, each of them once, whatever happens to the server meanwhile. */
public final class PublisherExample {
  public static void main(String[] args) throws Exception {
    try (Connection connection = Nats.connect(args[0])) {
      connection
          .jetStreamManagement()
          .addStream(StreamConfiguration.builder().name("paid").subjects("paid.*").build());
      try (IdempotentPublisher publisher = IdempotentPublisher.builder(connection).build()) {
        // One at a time: waits for the ack, as JetStream.publish does
        PublishAck ack = publisher.publish("paid.order", "order 1".getBytes());
        System.out.println("Stored as " + ack.getSeqno());

        // Up to 1,000 on their way, in place of publishAsync
        for (int n = 2; n <= 5000; n++) {
          publisher.send("paid.order", ("order " + n).getBytes());
        }
        System.out.println("Without an ack: " + publisher.awaitAcks());
      }
    }
  }
}
