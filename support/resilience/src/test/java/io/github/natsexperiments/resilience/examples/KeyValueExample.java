package io.github.natsexperiments.resilience.examples;

import io.github.natsexperiments.resilience.IdempotentKeyValue;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.KeyValueEntry;

/** Adds 1 to a number that others may add to, once, whatever happens to the server meanwhile. */
public final class KeyValueExample {
  public static void main(String[] args) throws Exception {
    try (Connection connection = Nats.connect(args[0])) {
      connection
          .keyValueManagement()
          .create(KeyValueConfiguration.builder("numbers").maxHistoryPerKey(64).build());
      try (IdempotentKeyValue kv = new IdempotentKeyValue(connection, "numbers")) {
        kv.put("counter", "41".getBytes());
        while (true) {
          KeyValueEntry entry = kv.get("counter");
          String sum = Long.toString(entry.getValueAsLong() + 1);
          try {
            kv.update("counter", sum.getBytes(), entry.getRevision(), null);
            System.out.println("counter = " + sum);
            return;
          } catch (JetStreamApiException e) {
            if (!JetStreamErrors.isWrongRevision(e)) {
              throw e;
            } // another writer was faster: read again
          }
        }
      }
    }
  }
}
