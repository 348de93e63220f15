package io.github.natsexperiments.jetstream;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;

/** Publishes to a stream, as the documentation does it. Arguments: URL, COUNT, PAUSE (ms). */
public final class PlainPublisher {
  public static void main(String[] args) throws Exception {
    String url = args.length > 0 ? args[0] : "nats://localhost:4222";
    long count = args.length > 1 ? Long.parseLong(args[1]) : Long.MAX_VALUE;
    long pause = args.length > 2 ? Long.parseLong(args[2]) : 1000;
    try (Connection connection = Nats.connect(url)) {
      var management = connection.jetStreamManagement();
      if (!management.getStreamNames().contains("sample_stream")) {
        management.addStream(
            StreamConfiguration.builder().name("sample_stream").subjects("foo").build());
      }
      JetStream jetStream = connection.jetStream();
      for (long n = 0; n < count; n++) {
        try {
          String text = "Hello #" + n + " from NATS publisher";
          long sequence = jetStream.publish("foo", text.getBytes(UTF_8)).getSeqno();
          System.out.println("Ack: stream = \"sample_stream\", sequence = \"" + sequence + "\"");
        } catch (IOException | JetStreamApiException e) {
          System.err.println("#" + n + " failed: " + e.getMessage());
        }
        Thread.sleep(pause);
      }
    }
  }
}
