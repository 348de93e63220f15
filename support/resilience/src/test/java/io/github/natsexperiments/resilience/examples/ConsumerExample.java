package io.github.natsexperiments.resilience.examples;

import io.github.natsexperiments.resilience.ResumingConsumer;
import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.Nats;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.StreamConfiguration;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** Handles three messages of a stream, whatever happens to the server meanwhile. */
public final class ConsumerExample {
  public static void main(String[] args) throws Exception {
    CountDownLatch left = new CountDownLatch(3);
    try (Connection connection = Nats.connect(args[0])) {
      connection
          .jetStreamManagement()
          .addStream(StreamConfiguration.builder().name("jobs").subjects("jobs.*").build());
      JetStream jetStream = connection.jetStream();
      for (int n = 1; n <= 3; n++) {
        jetStream.publish("jobs.print", ("page " + n).getBytes());
      }
      ConsumerConfiguration worker =
          ConsumerConfiguration.builder().durable("worker").ackPolicy(AckPolicy.Explicit).build();
      try (ResumingConsumer consumer = ResumingConsumer.of(connection, "jobs", worker)) {
        consumer.consume(
            message -> {
              System.out.println("Printed " + new String(message.getData()));
              message.ack();
              left.countDown();
            });
        left.await();
        System.out.println("Drained: " + consumer.drain(Duration.ofSeconds(5)));
      }
    }
  }
}
