package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An interrupt ends a wait, and does no harm to the connection, which others may use, too. */
class RoundTripIT {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @ParameterizedTest
  @ValueSource(strings = {"check", "flush", "drain"})
  void afterAnInterruptTheNextOneGetsItsOwnAnswer(String call) throws Exception {
    try (Connection connection = Sample.connect(server.url())) {
      Thread.currentThread().interrupt();
      try {
        switch (call) {
          case "check" -> HalfOpenGuard.check(connection);
          case "flush" -> RoundTrip.flush(connection, Duration.ofSeconds(5));
          default -> RoundTrip.drain(connection.subscribe("x"), Duration.ofSeconds(5));
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
  void anInterruptDoesNotKeepAPublisherFromClosing() throws Exception {
    try (Connection connection = Sample.connect(server.url())) {
      IdempotentPublisher publisher = IdempotentPublisher.builder(connection).build();
      Thread.currentThread().interrupt();
      publisher.close();
      assertThat(Thread.interrupted()).isTrue();
      String inbox = "_INBOX." + publisher.run() + ".0";
      // No responders: jnats cancels the request.
      assertThatThrownBy(() -> connection.request(inbox, null).get(2, TimeUnit.SECONDS))
          .isInstanceOf(CancellationException.class);
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
