package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nats.client.NKey;
import io.nats.client.support.JwtUtils;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Credentials whose time has not come, or whose account's time is over. */
class CredsTest {
  private static final long NOW = Instant.now().getEpochSecond();

  @TempDir Path folder;

  private NKey account;
  private NKey user;

  @BeforeEach
  void keys() throws Exception {
    account = NKey.createAccount(null);
    user = NKey.createUser(null);
  }

  /** A file of a user "guest", with more in its JWT. */
  private Path creds(String more) throws Exception {
    String jwt = jwt(account, user, "guest", "user", more);
    String text = JwtUtils.NATS_USER_JWT_FORMAT.formatted(jwt, new String(user.getSeed()));
    return Files.writeString(folder.resolve("guest.creds"), text);
  }

  private static String jwt(NKey issuer, NKey subject, String name, String type, String more)
      throws Exception {
    String body =
        "{\"name\":\"%s\",\"sub\":\"%s\",\"iss\":\"%s\",\"iat\":%d,%s\"nats\":{\"type\":\"%s\"}}"
            .formatted(
                name,
                new String(subject.getPublicKey()),
                new String(issuer.getPublicKey()),
                NOW,
                more,
                type);
    String signed = base64("{\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8));
    signed += "." + base64(body.getBytes(StandardCharsets.UTF_8));
    return signed + "." + base64(issuer.sign(signed.getBytes(StandardCharsets.UTF_8)));
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  @Test
  void notValidYet() throws Exception {
    long start = NOW + 3600;
    Path file = creds("\"nbf\":%d,".formatted(start));
    assertThatThrownBy(() -> Creds.read(file))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("\"guest\" in " + file + " are not valid before ")
        .hasMessageContaining(Instant.ofEpochSecond(start).toString());
  }

  @Test
  void validForAnHour() throws Exception {
    Path file = creds("\"nbf\":%d,\"exp\":%d,".formatted(NOW - 60, NOW + 3600));
    assertThat(Creds.read(file).whyRejected())
        .startsWith("user \"guest\" is revoked, or")
        .contains("has expired");
  }

  @Test
  void theAccountHasExpired() throws Exception {
    NKey operator = NKey.createOperator(null);
    String expired = "\"exp\":%d,".formatted(NOW - 60);
    Files.writeString(
        folder.resolve("server.conf"), jwt(operator, account, "LESSON", "account", expired));
    assertThat(Creds.read(creds("")).whyRejected())
        .startsWith("account \"LESSON\" of ")
        .contains("has expired");
  }
}
