package io.github.natsexperiments.callbacks;

import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.MessageHandler;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.ConsumerConfiguration;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** Lesson 3's, with the two listeners. Arguments: URL, COUNT. */
public final class PlainSubscriber implements ErrorListener {
  public static void main(String[] args) throws Exception {
    var options = Options.builder().server(args.length > 0 ? args[0] : "nats://localhost:4222");
    options.connectionListener((connection, event) -> System.err.println("event: " + event));
    options.errorListener(new PlainSubscriber());
    var left = new CountDownLatch(args.length > 1 ? Integer.parseInt(args[1]) : Integer.MAX_VALUE);
    MessageHandler handler =
        message -> {
          String about = message.getSubject() + "\" (reply = \"" + message.getReplyTo() + "\"): ";
          String text = new String(message.getData(), StandardCharsets.UTF_8);
          System.out.println("Received a message from subject \"" + about + text);
          message.ack(); // after the work: a message without an ack comes again
          left.countDown();
        };
    try (Connection connection = Nats.connect(options.build())) {
      var durable = ConsumerConfiguration.builder().durable("plain").build();
      connection.getStreamContext("sample_stream").createOrUpdateConsumer(durable).consume(handler);
      System.err.println("Waiting for messages of stream \"sample_stream\"");
      left.await();
      connection.drain(Duration.ofSeconds(10)).get(); // the last acks leave before the end
    }
  }

  public void errorOccurred(Connection connection, String error) {
    System.err.println("error: " + error);
  }
}
