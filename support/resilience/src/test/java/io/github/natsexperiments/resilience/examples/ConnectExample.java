package io.github.natsexperiments.resilience.examples;

import io.github.natsexperiments.resilience.ConnectFailedException;
import io.github.natsexperiments.resilience.Connector;
import io.nats.client.Connection;
import io.nats.client.Options;
import java.time.Duration;

/** Connects to a server that may still be starting, and says why when that fails. */
public final class ConnectExample {
  public static void main(String[] args) throws Exception {
    Options options = Options.builder().server(args[0]).maxReconnects(-1).build();
    try (Connection connection = Connector.connect(options, Duration.ofSeconds(10))) {
      System.out.println("Connected to nats-server " + connection.getServerInfo().getVersion());
    } catch (ConnectFailedException e) {
      System.out.println(e.reason() + ": " + e.getMessage());
    }
  }
}
