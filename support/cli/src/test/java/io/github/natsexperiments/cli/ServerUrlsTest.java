package io.github.natsexperiments.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerUrlsTest {
  @ParameterizedTest
  @CsvSource({
    "nats://localhost:4222, nats://localhost:4222",
    "nats://user:secret@host:4222, nats://***@host:4222",
    "s3cr3t@host, ***@host",
    "tls://tok/en@x@host:1, tls://***@host:1",
    "Unable to connect to [nats://a:b@h:1], Unable to connect to [nats://***@h:1]",
    "Unable to connect to ['nats://a:b@h:1'], Unable to connect to ['nats://***@h:1']",
    "(s3cr3t@h:1), (***@h:1)",
    "'\"nats://s3cr3t@h\"', '\"nats://***@h\"'",
    "<nats://s3cr3t@h>, <nats://***@h>",
    "url=nats://s3cr3t@h, url=nats://***@h",
    "url=s3cr3t@h, url=***@h",
    "NATS://s3cr3t@h, NATS://***@h",
    "wss://me:s3cr3t@[::1]:4222, wss://***@[::1]:4222",
    "java.io.IOException: nats://s3cr3t@h:1: refused, java.io.IOException: nats://***@h:1: refused",
    "nats://a%40b:s3cr3t@h, nats://***@h"
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

  /** A password may hold what separates URLs; then the URL is wrong, and shown in a message. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "nats://me:s3 cr3t@h",
        "nats://me:s3,cr3t@h",
        "nats://s3@cr3t@h",
        "nats://s3/cr3t@h"
      })
  void hidesAnythingBeforeTheLastAt(String url) {
    assertThat(ServerUrls.show(url)).isEqualTo("nats://***@h");
  }

  @Test
  void standardErrorShowsNoSecretWhoeverWritesThere() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(Terminal.standardError(bytes, false), true, UTF_8);
    err.println("a@b: mail stays");
    new IOException("cannot reach nats://me:s3cr3t@h:1 or tls://t0ken@i").printStackTrace(err);
    assertThat(bytes.toString(UTF_8))
        .startsWith("a@b: mail stays")
        .contains("cannot reach nats://***@h:1 or tls://***@i")
        .doesNotContain("s3cr3t", "t0ken");
  }
}
