package io.github.natsexperiments.creds;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nats.client.Connection;
import io.nats.client.Nats;
import java.time.Duration;

/** Lesson 1's plain publisher, logged in. Arguments: URL, CREDS (a file), COUNT, PAUSE (ms). */
public final class PlainPublisher {
  public static void main(String[] args) throws Exception {
    String url = args.length > 0 ? args[0] : "nats://localhost:4222";
    String creds = args.length > 1 ? args[1] : "02-creds-auth/creds/publisher.creds";
    long count = args.length > 2 ? Long.parseLong(args[2]) : Long.MAX_VALUE;
    long pause = args.length > 3 ? Long.parseLong(args[3]) : 1000;
    try (Connection connection = Nats.connect(url, Nats.credentials(creds))) {
      for (long n = 0; n < count; n++) {
        String text = "Hello #" + n + " from NATS publisher";
        connection.publish("foo", text.getBytes(UTF_8));
        System.out.println("Published a message to subject \"foo\": " + text);
        Thread.sleep(pause);
      }
      connection.flush(Duration.ofSeconds(10)); // now the server has them, or refused them
    }
  }
}
