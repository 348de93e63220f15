package io.github.natsexperiments.basic;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nats.client.Connection;
import io.nats.client.Nats;
import java.time.Duration;

/** Publishes over core NATS, as the documentation does it. Arguments: URL, COUNT, PAUSE (ms). */
public final class PlainPublisher {
  public static void main(String[] args) throws Exception {
    String url = args.length > 0 ? args[0] : "nats://localhost:4222";
    long count = args.length > 1 ? Long.parseLong(args[1]) : Long.MAX_VALUE;
    long pause = args.length > 2 ? Long.parseLong(args[2]) : 1000;
    try (Connection connection = Nats.connect(url)) {
      for (long n = 0; n < count; n++) {
        String text = "Hello #" + n + " from NATS publisher";
        connection.publish("foo", text.getBytes(UTF_8));
        System.out.println("Published a message to subject \"foo\": " + text);
        Thread.sleep(pause);
      }
      connection.flush(Duration.ofSeconds(10)); // publish only queues the message
    }
  }
}
