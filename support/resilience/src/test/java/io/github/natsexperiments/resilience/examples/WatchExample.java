package io.github.natsexperiments.resilience.examples;

import io.github.natsexperiments.resilience.ResumingWatch;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatcher;
import java.util.concurrent.CompletableFuture;

/** Prints the values of a key until one is "off", whatever happens to the server meanwhile. */
public final class WatchExample {
  public static void main(String[] args) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    KeyValueWatcher watcher =
        new KeyValueWatcher() {
          @Override
          public void watch(KeyValueEntry entry) {
            System.out.println(entry.getKey() + " = " + entry.getValueAsString());
            if ("off".equals(entry.getValueAsString())) {
              done.complete(null);
            }
          }

          @Override
          public void endOfData() {
            System.out.println("That is how it is now");
          }
        };
    try (Connection connection = Nats.connect(args[0])) {
      connection.keyValueManagement().create(KeyValueConfiguration.builder("lamps").build());
      connection.keyValue("lamps").put("kitchen", "on");
      try (ResumingWatch watch =
          new ResumingWatch(connection, "lamps", false, done::completeExceptionally)) {
        watch.watch("kitchen", watcher);
        connection.keyValue("lamps").put("kitchen", "off");
        done.get();
      }
    }
  }
}
