package io.github.natsexperiments.keyvalue;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.KeyValue;
import io.nats.client.Nats;
import io.nats.client.api.KeyValueConfiguration;
import java.io.IOException;

/** Puts values into a bucket, as the documentation does it. Arguments: URL, COUNT, PAUSE (ms). */
public final class PlainPublisher {
  public static void main(String[] args) throws Exception {
    String url = args.length > 0 ? args[0] : "nats://localhost:4222";
    long count = args.length > 1 ? Long.parseLong(args[1]) : Long.MAX_VALUE;
    long pause = args.length > 2 ? Long.parseLong(args[2]) : 1000;
    try (Connection connection = Nats.connect(url)) {
      var management = connection.keyValueManagement();
      if (!management.getBucketNames().contains("sample_kv")) {
        management.create(
            KeyValueConfiguration.builder().name("sample_kv").maxHistoryPerKey(64).build());
      }
      KeyValue kv = connection.keyValue("sample_kv");
      for (long n = 0; n < count; n++) {
        try {
          byte[] value = ("Hello #" + n + " from Key/Value NATS publisher").getBytes(UTF_8);
          long revision = kv.put("key", value);
          String about = "\"sample_kv\", key = \"key\", revision = \"" + revision + "\"";
          System.out.println("Ack: bucket = " + about);
        } catch (IOException | JetStreamApiException e) {
          System.err.println("#" + n + " failed: " + e.getMessage());
        }
        Thread.sleep(pause);
      }
    }
  }
}
