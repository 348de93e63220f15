package io.github.natsexperiments.cli;

import static io.nats.client.support.JsonValueUtils.readArray;
import static io.nats.client.support.JsonValueUtils.readLong;
import static io.nats.client.support.JsonValueUtils.readObject;
import static io.nats.client.support.JsonValueUtils.readString;
import static io.nats.client.support.JsonValueUtils.readStringList;

import io.nats.client.NKey;
import io.nats.client.support.JsonParser;
import io.nats.client.support.JsonValue;
import io.nats.client.support.JwtUtils;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a JWT of NATS says. A JWT is a signed statement that anybody can read: three parts in
 * Base64, of which the second is JSON and the third the signature of the issuer.
 *
 * @param text the text it was read from
 * @param type {@code operator}, {@code account} or {@code user}
 * @param name what people call the subject
 * @param subject public key of the entity that it describes: O…, A… or U…
 * @param issuer public key of the signer
 * @param account public key of the account of a user, otherwise null
 * @param issuedAt when it was signed
 * @param notBefore when it begins, or null when that is at once
 * @param expires when it ends, or null when it does not
 * @param nats the part of its own of each type
 * @see <a href="https://docs.nats.io/learn/security/decentralized-auth">NATS documentation:
 *     decentralized JWT authentication</a>
 */
public record Jwt(
    String text,
    String type,
    String name,
    String subject,
    String issuer,
    String account,
    Instant issuedAt,
    Instant notBefore,
    Instant expires,
    JsonValue nats) {
  private static final Pattern JWT = Pattern.compile("eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]+");

  /**
   * Reads a JWT without checking its signature, see {@link #signatureFits()}.
   *
   * @throws IllegalArgumentException when it is no JWT of NATS
   */
  public static Jwt of(String text) {
    try {
      JsonValue body = JsonParser.parse(JwtUtils.getClaimBody(text));
      JsonValue nats = readObject(body, "nats");
      String issuer = shown(body, "iss");
      String type = shown(nats, "type");
      // The account's own key may sign for its users, or a signing key, which the JWT names in
      // another field.
      String account =
          type.equals("user")
              ? Objects.requireNonNullElse(shown(nats, "issuer_account"), issuer)
              : null;
      return new Jwt(
          text,
          type,
          shown(body, "name"),
          shown(body, "sub"),
          issuer,
          account,
          Instant.ofEpochSecond(readLong(body, "iat", 0)),
          instant(body, "nbf"),
          instant(body, "exp"),
          nats);
    } catch (Exception e) { // whatever a parser makes of garbage
      throw new IllegalArgumentException("not a JWT of NATS", e);
    }
  }

  private static Instant instant(JsonValue object, String key) {
    long seconds = readLong(object, key, 0);
    return seconds == 0 ? null : Instant.ofEpochSecond(seconds);
  }

  /** A text that can go to a terminal, whoever has written it. */
  static String shown(JsonValue object, String key) {
    String text = readString(object, key);
    return text == null ? null : Payloads.show(text);
  }

  /** Reads every JWT of NATS that stands anywhere in a file. */
  public static List<Jwt> in(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      String text = new String(in.readNBytes(1 << 20), StandardCharsets.ISO_8859_1);
      return JWT.matcher(text).results().flatMap(found -> ifOfNats(found.group())).toList();
    }
  }

  private static Stream<Jwt> ifOfNats(String text) {
    try {
      return Stream.of(of(text));
    } catch (IllegalArgumentException e) {
      return Stream.empty();
    }
  }

  /** Whether it has ended. */
  boolean hasExpired() {
    return expires != null && !expires.isAfter(Instant.now());
  }

  /** Whether the issuer has signed exactly this text. */
  public boolean signatureFits() {
    int end = text.lastIndexOf('.');
    byte[] signed = text.substring(0, end).getBytes(StandardCharsets.US_ASCII);
    try {
      byte[] signature = Base64.getUrlDecoder().decode(text.substring(end + 1));
      return NKey.fromPublicKey(issuer.toCharArray()).verify(signed, signature);
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      return false;
    }
  }

  /** Of an account: users by public key, and until when what was issued to them is void. */
  public Map<String, Long> revocations() {
    Map<String, Long> revocations = new TreeMap<>();
    JsonValue map = readObject(nats, "revocations");
    map.map.keySet().forEach(user -> revocations.put(user, readLong(map, user, 0)));
    return revocations;
  }

  /** Of an account: whether these credentials of one of its users are revoked. */
  public boolean revokes(Jwt user) {
    return revocations().getOrDefault(user.subject, -1L) >= user.issuedAt.getEpochSecond();
  }

  /** Of a user: from where, when and how it may log in; empty without such limits. */
  public String limits() {
    StringJoiner limits = new StringJoiner(", ");
    readStringList(nats, "src").forEach(network -> limits.add("from " + network));
    for (JsonValue time : readArray(nats, "times")) {
      limits.add("between " + readString(time, "start") + " and " + readString(time, "end"));
    }
    readStringList(nats, "allowed_connection_types").forEach(type -> limits.add("by " + type));
    return Payloads.show(limits.toString());
  }

  /** A user as a phrase: {@code "guest", who may publish to foo and subscribe to nothing}. */
  public String inWords() {
    boolean scoped = !issuer.equals(account) && readLong(nats, "subs", 0) == 0;
    return "\"%s\", %s%s"
        .formatted(
            name,
            // The account has a template for all users that such a key signs for.
            scoped ? "whose permissions only the server knows" : mayDo(nats, "pub", "sub"),
            expires == null ? "" : ", until " + expires);
  }

  /** Permissions as a phrase; their keys in a JWT are not those in what a server says. */
  static String mayDo(JsonValue permissions, String publish, String subscribe) {
    return "who may publish to "
        + subjects(permissions, publish)
        + " and subscribe to "
        + subjects(permissions, subscribe);
  }

  /** What a user may do in one direction, {@code pub} or {@code sub}, in words. */
  public String subjects(String direction) {
    return subjects(nats, direction);
  }

  private static String subjects(JsonValue permissions, String direction) {
    JsonValue lists = readObject(permissions, direction);
    List<String> allow = readStringList(lists, "allow");
    List<String> deny = readStringList(lists, "deny");
    if (deny.contains(">")) {
      return "nothing";
    }
    return Payloads.show(
        (allow.isEmpty() ? "anything" : String.join(", ", allow))
            + (deny.isEmpty() ? "" : " except " + String.join(", ", deny)));
  }
}
