package io.github.natsexperiments.basic;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Subscription;

/** Subscribes over core NATS, as the documentation does it. Arguments: URL, COUNT. */
public final class PlainSubscriber {
  public static void main(String[] args) throws Exception {
    String url = args.length > 0 ? args[0] : "nats://localhost:4222";
    long count = args.length > 1 ? Long.parseLong(args[1]) : Long.MAX_VALUE;
    try (Connection connection = Nats.connect(url)) {
      Subscription subscription = connection.subscribe("foo");
      System.err.println("Waiting for messages on subject \"foo\"");
      for (long n = 0; n < count; n++) {
        Message message = subscription.nextMessage(0); // 0: wait for as long as it takes
        String text = new String(message.getData(), UTF_8);
        System.out.println("Received a message from subject \"foo\" (reply = \"\"): " + text);
      }
    }
  }
}
