package io.github.natsexperiments.callbacks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.StreamConfiguration;

/** Lesson 3's, with the two listeners. Arguments: URL, COUNT, PAUSE (ms). */
public final class PlainPublisher implements ErrorListener {
  public static void main(String[] args) throws Exception {
    String url = args.length > 0 ? args[0] : "nats://localhost:4222";
    long count = args.length > 1 ? Long.parseLong(args[1]) : Long.MAX_VALUE;
    long pause = args.length > 2 ? Long.parseLong(args[2]) : 1000;
    var options = Options.builder().server(url).errorListener(new PlainPublisher());
    options.connectionListener((connection, event) -> System.err.println("event: " + event));
    try (Connection connection = Nats.connect(options.build())) {
      var stream = StreamConfiguration.builder().name("sample_stream").subjects("foo").build();
      if (!connection.jetStreamManagement().getStreamNames().contains(stream.getName())) {
        connection.jetStreamManagement().addStream(stream);
      }
      for (long n = 0; n < count; n++, Thread.sleep(pause)) {
        try {
          byte[] body = ("Hello #" + n + " from NATS publisher").getBytes(UTF_8);
          long sequence = connection.jetStream().publish("foo", body).getSeqno();
          System.out.println("Ack: stream = \"sample_stream\", sequence = \"" + sequence + "\"");
        } catch (Exception e) {
          System.err.println("#" + n + " failed: " + e.getMessage());
        }
      }
    }
  }

  @Override
  public void errorOccurred(Connection connection, String error) {
    System.err.println("error: " + error);
  }
}
