package io.github.natsexperiments.creds;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Subscription;

/** Lesson 1's plain subscriber, logged in. Arguments: URL, CREDS (a file), COUNT. */
public final class PlainSubscriber {
  public static void main(String[] args) throws Exception {
    String url = args.length > 0 ? args[0] : "nats://localhost:4222";
    String creds = args.length > 1 ? args[1] : "02-creds-auth/creds/subscriber.creds";
    long count = args.length > 2 ? Long.parseLong(args[2]) : Long.MAX_VALUE;
    try (Connection connection = Nats.connect(url, Nats.credentials(creds))) {
      Subscription subscription = connection.subscribe("foo");
      System.err.println("Waiting for messages on subject \"foo\"");
      for (long n = 0; n < count; n++) {
        Message message = subscription.nextMessage(0); // 0: for ever, also when refused
        String text = new String(message.getData(), UTF_8);
        System.out.println("Received a message from subject \"foo\" (reply = \"\"): " + text);
      }
    }
  }
}
