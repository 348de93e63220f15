package io.github.natsexperiments.pages;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Nats;
import java.time.Duration;

/** The front page's program for the reader's own project: it compiles. */
final class OwnProject {

  private OwnProject() {}

  public static void main(String[] args) throws Exception {
    try (Connection connection = Nats.connect("nats://localhost:4222")) {
      Dispatcher dispatcher =
          connection.createDispatcher(
              message -> System.out.println(new String(message.getData(), UTF_8)));
      dispatcher.subscribe("orders.*");
      connection.publish("orders.new", "Order 1".getBytes(UTF_8));
      connection.drain(Duration.ofSeconds(10)).get(); // handles what has arrived, then closes
    }
  }
}
