package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerUrlsTest {
  @ParameterizedTest
  @CsvSource({
    "nats://localhost:4222, nats://localhost:4222",
    "nats://user:secret@host:4222, nats://***@host:4222",
    "s3cr3t@host, ***@host",
    "tls://tok/en@x@host:1, tls://***@host:1",
    "Unable to connect to [nats://a:b@h:1], Unable to connect to [nats://***@h:1]"
  })
  void hidesWhoIsBeforeTheHost(String text, String shown) {
    assertThat(ServerUrls.withoutSecrets(text)).isEqualTo(shown);
  }

  @Test
  void hidesThemInAListToo() {
    assertThat(ServerUrls.withoutSecrets("nats://a:1,nats://t0ken@b:2"))
        .isEqualTo("nats://a:1,nats://***@b:2");
    assertThat(ServerUrls.show(List.of(URI.create("nats://a:1"), URI.create("nats://t@b:2"))))
        .isEqualTo("nats://a:1, nats://***@b:2");
  }

  @Test
  void takesNothingForNothing() {
    assertThat(ServerUrls.withoutSecrets(null)).isEmpty();
  }
}
