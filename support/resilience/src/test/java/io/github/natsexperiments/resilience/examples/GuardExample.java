package io.github.natsexperiments.resilience.examples;

import io.github.natsexperiments.resilience.HalfOpenGuard;
import io.nats.client.Connection;
import io.nats.client.Nats;

/** Guards a connection against being stuck after a reconnect. */
public final class GuardExample {
  public static void main(String[] args) throws Exception {
    try (Connection connection = Nats.connect(args[0]);
        HalfOpenGuard guard =
            HalfOpenGuard.of(connection, () -> System.out.println("Stuck: connecting again"))) {
      connection.forceReconnect(); // the guard makes a round trip after this one, too
      System.out.println("Answers: " + HalfOpenGuard.check(connection));
    }
  }
}
