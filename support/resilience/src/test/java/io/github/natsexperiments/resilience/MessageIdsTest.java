package io.github.natsexperiments.resilience;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nats.client.impl.Headers;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageIdsTest {
  private final MessageIds ids = new MessageIds("Zb8XkQ0a");

  @ParameterizedTest
  @ValueSource(longs = {0, 9, 10, 123_456_789_012L})
  void theBytesAreThoseThatJnatsWrites(long n) {
    Headers expected = new Headers().put("Nats-Msg-Id", "Zb8XkQ0a-" + n);

    Headers headers = ids.headers(n, null);

    assertArrayEquals(expected.getSerialized(), headers.getSerialized());
    assertEquals(expected.serializedLength(), headers.serializedLength());
    assertEquals(expected.toString(), headers.toString());
  }
}
