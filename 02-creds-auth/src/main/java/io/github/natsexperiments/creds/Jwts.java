package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Jwt;
import io.nats.client.NKey;
import io.nats.client.support.JsonValueUtils;
import io.nats.client.support.JwtUtils;
import io.nats.client.support.JwtUtils.Permission;
import io.nats.client.support.JwtUtils.UserClaim;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The three kinds of JWT, each a statement about a public key, signed with the seed of the one
 * above: operator, account, user. jnats has what it needs; there is no {@code nsc} behind it.
 *
 * @see <a href="https://docs.nats.io/learn/security/decentralized-auth">NATS documentation:
 *     decentralized JWT authentication</a>
 */
final class Jwts {
  private Jwts() {}

  /**
   * The operator signs itself. It names the system account, on which servers report about
   * themselves; JetStream does not start without one.
   */
  static String operator(NKey operator, NKey system) throws IOException, GeneralSecurityException {
    String claim =
        "{\"type\":\"operator\",\"version\":2,\"system_account\":\"%s\"}"
            .formatted(publicKey(system));
    return sign(operator, operator, "operator", claim);
  }

  /** The operator signs an account without JetStream. */
  static String systemAccount(NKey operator, NKey account)
      throws IOException, GeneralSecurityException {
    return sign(operator, account, "SYS", accountClaim("", Map.of()));
  }

  /**
   * The operator signs an account that may keep 64 MiB in memory and 1 GiB on disk.
   *
   * @param revocations users by public key; what was issued to them until then (epoch seconds) is
   *     void
   */
  static String account(NKey operator, NKey account, Map<String, Long> revocations)
      throws IOException, GeneralSecurityException {
    String jetStream =
        ",\"mem_storage\":67108864,\"disk_storage\":1073741824,\"streams\":10,\"consumer\":100";
    return sign(operator, account, "LESSON", accountClaim(jetStream, revocations));
  }

  private static String accountClaim(String jetStream, Map<String, Long> revocations) {
    String revoked =
        revocations.entrySet().stream()
            .map(user -> "\"" + user.getKey() + "\":" + user.getValue())
            .collect(Collectors.joining(","));
    // -1 is no limit. Left out, a limit is 0: an account that nobody can connect to.
    return """
        {"type":"account","version":2,"revocations":{%s},\
        "limits":{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,\
        "conn":-1,"leaf":-1%s}}"""
        .formatted(revoked, jetStream);
  }

  private static String sign(NKey issuer, NKey subject, String name, String claim)
      throws IOException, GeneralSecurityException {
    long now = JwtUtils.currentTimeSeconds();
    return JwtUtils.issueJWT(
        issuer, publicKey(subject), name, null, now, publicKey(issuer), () -> claim);
  }

  /**
   * The account signs a user. The content of the user's credentials file: the JWT, and the seed
   * that proves that it is one's own.
   *
   * @param expires from now, whole seconds; null for never
   * @param pub what the user may publish to, and nothing else
   * @param sub what the user may subscribe to, and nothing else
   */
  static String creds(
      NKey account, NKey user, String name, Duration expires, List<String> pub, List<String> sub)
      throws IOException, GeneralSecurityException {
    UserClaim claim = new UserClaim(publicKey(account)).pub(only(pub)).sub(only(sub));
    long now = JwtUtils.currentTimeSeconds();
    String jwt = JwtUtils.issueUserJWT(account, publicKey(user), name, expires, now, claim);
    return JwtUtils.NATS_USER_JWT_FORMAT.formatted(jwt, seed(user));
  }

  /** An empty list allows everything, so a user who may do nothing needs a deny. */
  private static Permission only(List<String> subjects) {
    return subjects.isEmpty()
        ? new Permission().deny(">")
        : new Permission().allow(subjects.toArray(String[]::new));
  }

  /**
   * What a user may do and nothing else; empty for nothing.
   *
   * @param direction {@code pub} or {@code sub}
   */
  static List<String> allowed(Jwt user, String direction) {
    return JsonValueUtils.readStringList(
        JsonValueUtils.readObject(user.nats(), direction), "allow");
  }

  /** The public half of a pair of keys, which is the name of its owner in every JWT. */
  static String publicKey(NKey key) throws IOException, GeneralSecurityException {
    return new String(key.getPublicKey());
  }

  /** The secret half. */
  static String seed(NKey key) {
    return new String(key.getSeed());
  }
}
