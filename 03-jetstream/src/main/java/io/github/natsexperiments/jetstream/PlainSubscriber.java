package io.github.natsexperiments.jetstream;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.api.ConsumerConfiguration;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** Reads a stream, as the documentation does it. Arguments: URL, COUNT. */
public final class PlainSubscriber {
  public static void main(String[] args) throws Exception {
    String url = args.length > 0 ? args[0] : "nats://localhost:4222";
    int count = args.length > 1 ? Integer.parseInt(args[1]) : Integer.MAX_VALUE;
    CountDownLatch left = new CountDownLatch(count);
    try (Connection connection = Nats.connect(url)) {
      var stream = connection.getStreamContext("sample_stream");
      var durable = ConsumerConfiguration.builder().durable("plain").build();
      var consumer =
          stream.createOrUpdateConsumer(durable).consume(message -> handle(message, left));
      System.err.println("Waiting for messages in stream \"sample_stream\"");
      left.await();
      consumer.stop();
      connection.drain(Duration.ofSeconds(10)).get(); // the last acks leave before the end
    }
  }

  private static void handle(Message message, CountDownLatch left) {
    String about = message.getSubject() + "\" (reply = \"" + message.getReplyTo();
    String text = new String(message.getData(), UTF_8);
    System.out.println("Received a message from subject \"" + about + "\"): " + text);
    message.ack(); // after the work: a message without an ack comes again
    long sequence = message.metaData().streamSequence();
    System.out.println("Ack: stream = \"sample_stream\", sequence = \"" + sequence + "\"");
    left.countDown();
  }
}
