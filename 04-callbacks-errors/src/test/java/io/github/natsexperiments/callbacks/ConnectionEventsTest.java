package io.github.natsexperiments.callbacks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.cli.Run;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener.Events;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** When the events say that the connection has ended. */
class ConnectionEventsTest {
  private static final String REFUSED = "Authorization Violation";
  private static final List<String> SERVERS = List.of("nats://a:1", "nats://b:1");

  private final Connection connection =
      (Connection)
          Proxy.newProxyInstance(
              getClass().getClassLoader(),
              new Class<?>[] {Connection.class},
              (proxy, method, args) ->
                  switch (method.getName()) {
                    case "getServers" -> SERVERS;
                    case "getConnectedUrl" -> null;
                    case "getStatus" -> Connection.Status.RECONNECTING;
                    default -> throw new AssertionError(method);
                  });

  private boolean ended;

  /** jnats itself gives up when it has been refused twice, each time after a whole timeout. */
  @Test
  void refusedByEveryServerAfterABreak() {
    CallbacksPublisherOptions options = new CallbacksPublisherOptions();
    new CommandLine(options).parseArgs();
    try (Run run = options.run()) {
      ConnectionEvents events = new ConnectionEvents(run.console());
      events.onClose(() -> ended = true);
      events.connectionEvent(connection, Events.CONNECTED, 0L, SERVERS.get(0));
      events.errorOccurred(connection, REFUSED); // locked out: another server may take us
      events.connectionEvent(connection, Events.DISCONNECTED, 0L, SERVERS.get(0));
      events.errorOccurred(connection, REFUSED);
      assertThat(ended).isFalse();
      events.connectionEvent(connection, Events.RECONNECTED, 0L, SERVERS.get(1));
      events.connectionEvent(connection, Events.DISCONNECTED, 0L, SERVERS.get(1));
      events.errorOccurred(connection, REFUSED);
      assertThat(ended).isFalse();
      events.errorOccurred(connection, REFUSED);
      assertThat(ended).isTrue();
    }
  }
}
