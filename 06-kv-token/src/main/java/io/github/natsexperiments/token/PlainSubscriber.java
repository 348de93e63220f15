package io.github.natsexperiments.token;

import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatcher;
import java.util.concurrent.CountDownLatch;

/** Lesson 5's, with a token from NATS_TOKEN. Arguments: URL, COUNT. */
public final class PlainSubscriber {
  public static void main(String[] args) throws Exception {
    String url = args.length > 0 ? args[0] : "nats://localhost:4222";
    int count = args.length > 1 ? Integer.parseInt(args[1]) : Integer.MAX_VALUE;
    CountDownLatch left = new CountDownLatch(count);
    KeyValueWatcher watcher =
        new KeyValueWatcher() {
          @Override
          public void endOfData() {
            System.err.println("Waiting for changes");
          }

          @Override
          public void watch(KeyValueEntry entry) {
            String about = "\"" + entry.getKey() + "\" (revision = \"" + entry.getRevision();
            String value = entry.getValueAsString();
            System.out.println(entry.getOperation() + " key " + about + "\"): " + value);
            left.countDown();
          }
        };
    char[] token = System.getenv("NATS_TOKEN").toCharArray();
    Options options = Options.builder().server(url).token(token).build();
    try (Connection connection = Nats.connect(options);
        var watch = connection.keyValue("sample_kv").watch("key", watcher)) {
      left.await();
    }
  }
}
