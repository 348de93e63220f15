package io.github.natsexperiments.cli;

import io.nats.client.NKey;
import io.nats.client.support.JsonParser;
import io.nats.client.support.JsonValue;
import io.nats.client.support.JsonValueUtils;
import io.nats.client.support.JwtUtils;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a JWT of NATS says. A JWT is a signed statement that anybody can read: three parts in
 * Base64, of which the second is JSON and the third the signature of the issuer.
 *
 * @param text the text it was read from
 * @param type {@code operator}, {@code account} or {@code user}
 * @param name what people call the subject
 * @param subject public key of whom it is about: O…, A… or U…
 * @param issuer public key of who signed it
 * @param account public key of the account of a user, otherwise null
 * @param issuedAt when it was signed
 * @param expires when it ends, or null when it does not
 * @param nats the part of its own of each type
 * @see <a
 *     href="https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt">NATS
 *     documentation: decentralized JWT authentication</a>
 */
public record Jwt(
    String text,
    String type,
    String name,
    String subject,
    String issuer,
    String account,
    Instant issuedAt,
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
      JsonValue nats = JsonValueUtils.readObject(body, "nats");
      String issuer = JsonValueUtils.readString(body, "iss");
      String type = JsonValueUtils.readString(nats, "type");
      // The account's own key may sign for its users, or a signing key that is named elsewhere.
      String account =
          type.equals("user") ? JsonValueUtils.readString(nats, "issuer_account", issuer) : null;
      long expires = JsonValueUtils.readLong(body, "exp", 0);
      return new Jwt(
          text,
          type,
          JsonValueUtils.readString(body, "name"),
          JsonValueUtils.readString(body, "sub"),
          issuer,
          account,
          Instant.ofEpochSecond(JsonValueUtils.readLong(body, "iat", 0)),
          expires == 0 ? null : Instant.ofEpochSecond(expires),
          nats);
    } catch (Exception e) { // whatever a parser makes of garbage
      throw new IllegalArgumentException("not a JWT of NATS", e);
    }
  }

  /** Reads every JWT that stands anywhere in a file. */
  public static List<Jwt> in(Path file) throws IOException {
    return JWT.matcher(Files.readString(file)).results().map(match -> of(match.group())).toList();
  }

  /** Whether the issuer has signed exactly this text. */
  public boolean signatureFits() {
    int end = text.lastIndexOf('.');
    try {
      return NKey.fromPublicKey(issuer.toCharArray())
          .verify(
              text.substring(0, end).getBytes(StandardCharsets.US_ASCII),
              Base64.getUrlDecoder().decode(text.substring(end + 1)));
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      return false;
    }
  }

  /** Of an account: users by public key, and until when what was issued to them is void. */
  public Map<String, Long> revocations() {
    Map<String, Long> revocations = new TreeMap<>();
    JsonValue map = JsonValueUtils.readObject(nats, "revocations");
    for (String user : map.map.keySet()) {
      revocations.put(user, JsonValueUtils.readLong(map, user, 0));
    }
    return revocations;
  }

  /** Of an account: whether these credentials of one of its users are revoked. */
  public boolean revokes(Jwt user) {
    Long until = revocations().get(user.subject);
    return until != null && until >= user.issuedAt.getEpochSecond();
  }

  /**
   * Of a user: from where, when and how it may log in, such as {@code from 10.0.0.0/8}; empty
   * without such limits.
   */
  public String limits() {
    List<String> limits = new ArrayList<>();
    List<String> sources = JsonValueUtils.readStringList(nats, "src");
    if (!sources.isEmpty()) {
      limits.add("from " + String.join(", ", sources));
    }
    for (JsonValue time : JsonValueUtils.readArray(nats, "times")) {
      limits.add(
          "between "
              + JsonValueUtils.readString(time, "start")
              + " and "
              + JsonValueUtils.readString(time, "end")
              + JsonValueUtils.readString(nats, "times_location", "").replaceFirst("^(?=.)", " "));
    }
    List<String> types = JsonValueUtils.readStringList(nats, "allowed_connection_types");
    if (!types.isEmpty()) {
      limits.add("over a connection of type " + String.join(", ", types));
    }
    return String.join(", ", limits);
  }

  /**
   * A user as a phrase: {@code "publisher", who may publish to foo and subscribe to nothing, until
   * 2026-12-31T10:00:00Z}.
   */
  public String inWords() {
    boolean scoped = !issuer.equals(account) && JsonValueUtils.readLong(nats, "subs", 0) == 0;
    return "\""
        + name
        + "\", "
        + (scoped // the account has a template for all users that this key signs for
            ? "whose permissions the server knows (a scoped signing key)"
            : permissions(nats, "pub", "sub"))
        + (expires == null ? "" : ", until " + expires);
  }

  /** The permissions of a user in words; the keys differ between a JWT and what a server says. */
  static String permissions(JsonValue permissions, String publish, String subscribe) {
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
    JsonValue lists = JsonValueUtils.readObject(permissions, direction);
    List<String> allow = JsonValueUtils.readStringList(lists, "allow");
    List<String> deny = JsonValueUtils.readStringList(lists, "deny");
    if (deny.contains(">")) {
      return "nothing";
    }
    return (allow.isEmpty() ? "anything" : String.join(", ", allow))
        + (deny.isEmpty() ? "" : " except " + String.join(", ", deny));
  }
}
