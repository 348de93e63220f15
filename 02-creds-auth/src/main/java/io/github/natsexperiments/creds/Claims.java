package io.github.natsexperiments.creds;

import io.nats.client.NKey;
import io.nats.client.support.JsonParser;
import io.nats.client.support.JsonValue;
import io.nats.client.support.JsonValueUtils;
import io.nats.client.support.JwtUtils;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a JWT of NATS says. A JWT is a signed statement that anybody can read: three parts in
 * Base64, of which the second is JSON and the third the signature of the issuer.
 *
 * @param jwt the text it was read from
 * @param type {@code operator}, {@code account} or {@code user}
 * @param name what people call the subject
 * @param subject public key of whom it is about: O…, A… or U…
 * @param issuer public key of who signed it
 * @param account public key of the account of a user, otherwise null
 * @param issuedAt when it was signed
 * @param expires when it ends, or null when it does not
 * @param json the part of its own of each type
 * @see <a
 *     href="https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt">NATS
 *     documentation: decentralized JWT authentication</a>
 */
record Claims(
    String jwt,
    String type,
    String name,
    String subject,
    String issuer,
    String account,
    Instant issuedAt,
    Instant expires,
    JsonValue json) {

  /**
   * Reads a JWT without checking its signature, see {@link #signatureFits()}.
   *
   * @throws IllegalArgumentException when it is no JWT of NATS
   */
  static Claims of(String jwt) {
    try {
      JsonValue body = JsonParser.parse(JwtUtils.getClaimBody(jwt));
      JsonValue json = JsonValueUtils.readObject(body, "nats");
      String issuer = JsonValueUtils.readString(body, "iss");
      String type = JsonValueUtils.readString(json, "type");
      // The account's own key may sign for its users, or a signing key that is named elsewhere.
      String account =
          type.equals("user") ? JsonValueUtils.readString(json, "issuer_account", issuer) : null;
      long expires = JsonValueUtils.readLong(body, "exp", 0);
      return new Claims(
          jwt,
          type,
          JsonValueUtils.readString(body, "name"),
          JsonValueUtils.readString(body, "sub"),
          issuer,
          account,
          Instant.ofEpochSecond(JsonValueUtils.readLong(body, "iat", 0)),
          expires == 0 ? null : Instant.ofEpochSecond(expires),
          json);
    } catch (Exception e) { // whatever a parser makes of garbage
      throw new IllegalArgumentException("not a JWT of NATS", e);
    }
  }

  /** Whether the issuer has signed exactly this text. */
  boolean signatureFits() {
    int end = jwt.lastIndexOf('.');
    try {
      return NKey.fromPublicKey(issuer.toCharArray())
          .verify(
              jwt.substring(0, end).getBytes(StandardCharsets.US_ASCII),
              Base64.getUrlDecoder().decode(jwt.substring(end + 1)));
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      return false;
    }
  }

  /** Of an account: users by public key, and until when what was issued to them is void. */
  Map<String, Long> revocations() {
    Map<String, Long> revocations = new TreeMap<>();
    JsonValue map = JsonValueUtils.readObject(json, "revocations");
    for (String user : map.map.keySet()) {
      revocations.put(user, JsonValueUtils.readLong(map, user, 0));
    }
    return revocations;
  }

  /** Of an account: whether these credentials of one of its users are revoked. */
  boolean revokes(Claims user) {
    Long until = revocations().get(user.subject);
    return until != null && until >= user.issuedAt.getEpochSecond();
  }

  /**
   * A user as a phrase: {@code "publisher", who may publish to foo and subscribe to nothing, until
   * 2026-12-31T10:00:00Z}.
   */
  String inWords() {
    return "\""
        + name
        + "\", who may publish to "
        + subjects("pub")
        + " and subscribe to "
        + subjects("sub")
        + (expires == null ? "" : ", until " + expires);
  }

  /** All of it, in lines for people. */
  String describe() {
    StringBuilder text = new StringBuilder(type).append(" \"").append(name).append("\"");
    line(text, "key", subject);
    line(text, "signed by", issuer + (signatureFits() ? "" : " (THE SIGNATURE DOES NOT FIT)"));
    line(text, "issued", issuedAt);
    line(text, "expires", expires == null ? "never" : expires);
    switch (type) {
      case "user" -> {
        line(text, "account", account);
        line(text, "may publish to", subjects("pub"));
        line(text, "may subscribe to", subjects("sub"));
      }
      case "account" -> {
        line(text, "JetStream", jetStream());
        revocations().forEach((user, until) -> line(text, "revoked", user));
      }
      default -> line(text, "system account", JsonValueUtils.readString(json, "system_account"));
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String title, Object value) {
    text.append(System.lineSeparator())
        .append("  ")
        .append(title)
        .append(": ")
        .append(" ".repeat(16 - title.length()))
        .append(value);
  }

  private String jetStream() {
    JsonValue limits = JsonValueUtils.readObject(json, "limits");
    long disk = JsonValueUtils.readLong(limits, "disk_storage", 0);
    long memory = JsonValueUtils.readLong(limits, "mem_storage", 0);
    return disk == 0 && memory == 0
        ? "none"
        : "disk "
            + disk
            + " bytes, memory "
            + memory
            + " bytes, streams "
            + JsonValueUtils.readLong(limits, "streams", 0)
            + ", consumers "
            + JsonValueUtils.readLong(limits, "consumer", 0)
            + " (-1: no limit)";
  }

  /**
   * The subjects of one direction in words.
   *
   * @param direction {@code pub} or {@code sub}
   */
  private String subjects(String direction) {
    List<String> allow = list(direction, "allow");
    List<String> deny = list(direction, "deny");
    if (deny.contains(">")) {
      return "nothing";
    }
    return (allow.isEmpty() ? "anything" : String.join(", ", allow))
        + (deny.isEmpty() ? "" : " except " + String.join(", ", deny));
  }

  /**
   * One list of subjects of a user; empty when there is none, which allows everything.
   *
   * @param direction {@code pub} or {@code sub}
   * @param kind {@code allow} or {@code deny}
   */
  List<String> list(String direction, String kind) {
    return JsonValueUtils.readStringList(JsonValueUtils.readObject(json, direction), kind);
  }
}
