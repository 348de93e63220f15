package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LoginOptionsTest {
  @Test
  void onlyATokenIsTakenOutOfAUrl() {
    String[] urls = {"nats://t0ken@host:1", "t0ken@host:1", "nats://ada:secret@host:1", "host:1"};
    assertThat(LoginOptions.withoutTokens(urls))
        .containsExactly("nats://host:1", "host:1", "nats://ada:secret@host:1", "host:1");
  }
}
