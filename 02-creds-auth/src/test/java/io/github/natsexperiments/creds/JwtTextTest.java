package io.github.natsexperiments.creds;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.cli.Jwt;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A JWT comes from anybody, and what it says goes to a terminal. */
class JwtTextTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"operator\",\"system_account\":\"EVIL\"}",
        "{\"type\":\"account\",\"revocations\":{\"EVIL\":1}}",
        "{\"type\":\"user\",\"issuer_account\":\"EVIL\",\"pub\":{\"allow\":[\"EVIL\"]}}",
        "{\"type\":\"EVIL\"}",
      })
  void nothingInItMovesTheCursor(String nats) {
    String body =
        "{\"name\":\"EVIL\",\"sub\":\"EVIL\",\"iss\":\"EVIL\",\"nats\":NATS}"
            .replace("NATS", nats)
            .replace("EVIL", "\\u001b[2J\\n\\u202e");
    assertThat(text(body)).contains("\\u001b[2J\\n\\u202e").doesNotContain("\u001b", "\n\u202e");
  }

  @Test
  void whatIsNotValidYet() {
    assertThat(text("{\"iss\":\"A\",\"nbf\":1893456000,\"nats\":{\"type\":\"user\"}}"))
        .contains("not valid before: 2030-01-01T00:00:00Z");
  }

  private static String text(String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String claims = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    return JwtText.of(Jwt.of("eyJ9." + claims + ".sig"));
  }
}
