package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.nats.client.Message;
import io.nats.client.impl.NatsMessage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AckSubjectTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "$JS.ACK.stream.consumer.1.12345.67890.1605139610113260000.42",
        "$JS.ACK.domain.account.stream.consumer.1.12345.67890.1605139610113260000.42",
        "$JS.ACK._.account.stream.consumer.1.12345.67890.1605139610113260000.42.token"
      })
  void eachFormOfTheSubject(String subject) {
    Message message = NatsMessage.builder().subject("foo").replyTo(subject).build();
    assertThat(AckSubject.of(message))
        .isEqualTo(new AckSubject(12345, 67890, 1605139610113260000L));
    assertThat(AckSubject.withStreamSequence(subject, 7))
        .isEqualTo(subject.replace(".12345.", ".7."));
  }
}
