package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An interrupt ends a wait, and does no harm to the connection, which others may use, too. */
class RoundTripIT {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @ParameterizedTest
  @ValueSource(strings = {"check", "flush", "drain", "publisher"})
  void afterAnInterruptTheNextOneGetsItsOwnAnswer(String call) throws Exception {
    try (Connection connection = Sample.connect(server.url());
        IdempotentPublisher publisher = IdempotentPublisher.builder(connection).build()) {
      Thread.currentThread().interrupt();
      try {
        switch (call) {
          case "check" -> HalfOpenGuard.check(connection);
          case "flush" -> RoundTrip.flush(connection, Duration.ofSeconds(5));
          case "drain" -> RoundTrip.drain(connection.subscribe("x"), Duration.ofSeconds(5));
          default -> publisher.close();
        }
      } catch (InterruptedException e) {
        // what it is there for
      } finally {
        Thread.interrupted();
      }
      assertThatCode(() -> connection.flush(Duration.ofSeconds(2))).doesNotThrowAnyException();
    }
  }

  @Test
  void onAClosedConnectionThereIsNothingToDrain() throws Exception {
    Connection connection = Sample.connect(server.url());
    Dispatcher dispatcher = connection.createDispatcher(message -> {}).subscribe("x");
    connection.close();
    RoundTrip.drain(dispatcher, Duration.ofSeconds(1));
  }
}
