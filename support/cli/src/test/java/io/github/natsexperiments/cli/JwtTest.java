package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nats.client.support.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

/** A JWT comes from anybody, and what it says goes to a terminal. */
class JwtTest {
  /** Looks the same in JSON and escaped on a terminal. */
  private static final String EVIL = "a\\u001b[2Jb\\nc";

  private static Jwt jwt() {
    String body =
        """
        {"name":"EVIL","sub":"UEVIL","iss":"AEVIL","nats":{"type":"user",\
        "pub":{"allow":["EVIL"]},"sub":{"deny":["EVIL"]},"src":["EVIL"],"subs":-1}}"""
            .replace("EVIL", EVIL);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return Jwt.of("eyJ9." + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes) + ".sig");
  }

  @Test
  void nothingInItMovesTheCursor() {
    Jwt jwt = jwt();
    assertThat(jwt.inWords())
        .isEqualTo(
            "\"EVIL\", who may publish to EVIL and subscribe to anything except EVIL"
                .replace("EVIL", EVIL));
    assertThat(jwt.limits()).isEqualTo("from " + EVIL);
    assertThat(jwt.issuer()).isEqualTo("A" + EVIL);
  }

  @Test
  void norInWhatAServerSaysOfAUser() throws Exception {
    String data =
        "{\"user\":\"EVIL\",\"permissions\":{\"publish\":{\"allow\":[\"EVIL\"]}}}"
            .replace("EVIL", EVIL);
    assertThat(new UserInfo(JsonParser.parse(data)).inWords(jwt()))
        .isEqualTo(
            "\"EVIL\", who may publish to EVIL and subscribe to anything".replace("EVIL", EVIL));
  }
}
