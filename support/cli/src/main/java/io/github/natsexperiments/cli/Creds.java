package io.github.natsexperiments.cli;

import io.nats.client.NKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;

/**
 * A file of credentials: a user's JWT, which says who the user is and what it may do, and the
 * user's seed, the secret that proves it. Nothing of this needs a server, so it is checked before
 * connecting: a server gives the same answer, "Authorization Violation", whatever is wrong.
 *
 * @param path the file
 * @param user what the JWT says
 */
public record Creds(Path path, Jwt user) {

  /**
   * Reads and checks a file.
   *
   * @throws Failure exit code 4 when nobody can log in with it; the message says why
   */
  public static Creds read(Path path) throws Failure {
    Creds file = parse(path);
    Instant end = file.user.expires();
    if (end != null && !end.isAfter(Instant.now())) {
      throw file.expired();
    }
    return file;
  }

  /**
   * The same for credentials that may have expired.
   *
   * @throws Failure exit code 4 when they would be of no use anyway
   */
  public static Creds parse(Path path) throws Failure {
    String text = SecretFile.text(path, "Credentials file " + path + " ");
    String jwt = after(1, text);
    String seed = after(3, text);
    if (!jwt.startsWith("eyJ")) {
      throw unusable(
          path,
          text.startsWith("\uFEFF")
              ? "begins with a byte order mark: save it as UTF-8 without one"
              : jwt.matches("S[A-Z2-7]{57}")
                  ? "has a seed but no JWT: it does not say whose the seed is"
                  : "is no credentials file: there is no JWT and no seed between lines of dashes");
    }
    if (seed.isEmpty()) {
      throw unusable(path, "has a JWT but no seed: it says who you are, and cannot prove it");
    }
    Jwt user;
    try {
      user = Jwt.of(jwt);
    } catch (IllegalArgumentException e) {
      throw unusable(path, "is damaged: its JWT cannot be read");
    }
    if (!user.type().equals("user")) {
      throw unusable(path, "holds the JWT of an " + user.type() + ", not of a user");
    }
    checkSeed(path, seed, user);
    return new Creds(path, user);
  }

  /** The seed in a file of credentials. */
  public static String seed(Path path) throws Failure {
    return after(3, SecretFile.text(path, "Credentials file " + path + " "));
  }

  /** The line after so many lines that begin with a dash, or the first word; as jnats reads it. */
  private static String after(int headers, String text) {
    int seen = 0;
    for (String line : text.split("[\r\n]")) {
      String word = line.replaceAll("\\s", "");
      if (line.startsWith("-")) {
        seen++;
      } else if (seen == headers && !word.isEmpty()) {
        return word;
      }
    }
    return headers == 1 ? text.strip().split("\\s")[0] : "";
  }

  private static void checkSeed(Path path, String seed, Jwt user) throws Failure {
    try {
      NKey key = NKey.fromSeed(seed.toCharArray());
      if (!new String(key.getPublicKey()).equals(user.subject())) {
        throw unusable(path, "has the seed of another user than its JWT, \"" + user.name() + "\"");
      }
    } catch (IllegalArgumentException e) {
      throw unusable(path, "is damaged: its seed has a wrong checksum");
    } catch (GeneralSecurityException | IOException e) {
      throw unusable(path, "has a seed that cannot be used");
    }
  }

  private static Failure unusable(Path path, String why) {
    return new Failure(ExitCode.NOT_AUTHORISED, "Credentials file " + path + " " + why);
  }

  /** The failure that tells of the end of these credentials. */
  Failure expired() {
    Duration ago = Duration.between(user.expires(), Instant.now());
    return new Failure(
        ExitCode.NOT_AUTHORISED,
        "The credentials of user \"%s\" in %s expired at %s (%d s ago): get new ones, here with issuer.jar --renew %s"
            .formatted(
                user.name(), path, user.expires(), Math.max(0, ago.toSeconds()), user.name()));
  }

  /**
   * Why a server may have rejected these credentials although nothing is wrong with the file: the
   * server does not say. A server.conf beside the file, as issuer.jar writes it, often knows.
   */
  String whyRejected() {
    if (!user.signatureFits()) {
      return path + " is damaged: the signature does not fit the text of its JWT";
    }
    String who = "user \"" + user.name() + "\" ";
    Jwt account = null;
    Path conf = path.toAbsolutePath().resolveSibling("server.conf");
    try {
      if (Files.exists(conf)) {
        account =
            Jwt.in(conf).stream()
                .filter(jwt -> jwt.subject().equals(user.account()))
                .findFirst()
                .orElse(null);
        if (account == null) {
          return who + "belongs to account " + user.account() + ", which is not in " + conf;
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      // then it cannot help
    }
    if (account != null && account.revokes(user)) {
      return who + "is revoked: make another one, with issuer.jar --user NAME";
    }
    String limits = user.limits();
    if (!limits.isEmpty()) {
      return who + "may log in only " + limits + "; or it is revoked, or of another operator";
    }
    return account == null
        ? who
            + "is revoked, or the server does not know its account "
            + user.account()
            + " because it belongs to another operator"
        : "the server does not know account \""
            + account.name()
            + "\" of "
            + who
            + "(or has revoked the user): start it with, or let it reload, "
            + conf;
  }
}
