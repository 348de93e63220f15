package io.github.natsexperiments.cli;

import io.nats.client.NKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

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
    if (file.user.hasExpired()) {
      throw file.expired();
    }
    Instant start = file.user.notBefore();
    if (start != null && start.isAfter(Instant.now())) {
      throw new Failure(
          ExitCode.NOT_AUTHORISED,
          "The credentials of user \"%s\" in %s are not valid before %s: wait, or get new ones"
              .formatted(file.user.name(), path, start));
    }
    return file;
  }

  /**
   * The same for credentials that may have expired.
   *
   * @throws Failure exit code 4 when they would be of no use anyway
   */
  public static Creds parse(Path path) throws Failure {
    String text = SecretFile.text("Credentials", path);
    String jwt = SecretFile.after(1, text);
    String seed = SecretFile.after(3, text);
    if (text.startsWith("\uFEFF")) {
      throw unusable(path, "begins with a byte order mark: save it as UTF-8 without one");
    } else if (jwt.startsWith("SU")) {
      throw unusable(path, "has a seed but no JWT: it does not say whose the seed is");
    } else if (!jwt.startsWith("eyJ")) {
      throw unusable(
          path, "is no credentials file: there is no JWT and no seed between lines of dashes");
    } else if (seed.isEmpty()) {
      throw unusable(path, "has a JWT but no seed: it says who you are, and cannot prove it");
    }
    try {
      Jwt user = Jwt.of(jwt);
      if (!user.type().equals("user")) {
        throw unusable(path, "holds the JWT of an " + user.type() + ", not of a user");
      }
      if (!publicKey(path, seed).equals(user.subject())) {
        throw unusable(path, "has the seed of another user than its JWT, \"" + user.name() + "\"");
      }
      return new Creds(path, user);
    } catch (IllegalArgumentException e) {
      throw unusable(path, "is damaged: its JWT cannot be read");
    }
  }

  /** The secret of a user. */
  public static String seed(Path path) throws Failure {
    return SecretFile.after(3, SecretFile.text("Credentials", path));
  }

  private static String publicKey(Path path, String seed) throws Failure {
    try {
      return new String(NKey.fromSeed(seed.toCharArray()).getPublicKey());
    } catch (IllegalArgumentException e) {
      throw unusable(path, "is damaged: its seed has a wrong checksum");
    } catch (GeneralSecurityException | IOException e) {
      throw unusable(path, "has a seed that cannot be used");
    }
  }

  private static Failure unusable(Path path, String why) {
    return new Failure(ExitCode.NOT_AUTHORISED, "Credentials file " + path + " " + why);
  }

  /** The failure that reports the end of these credentials. */
  Failure expired() {
    long ago = Math.max(0, Duration.between(user.expires(), Instant.now()).toSeconds());
    return new Failure(
        ExitCode.NOT_AUTHORISED,
        "The credentials of user \"%s\" in %s expired at %s (%d s ago): get new ones, here with issuer.jar --renew %s"
            .formatted(user.name(), path, user.expires(), ago, user.name()));
  }

  /**
   * Why a server may have rejected these credentials although nothing is wrong with the file: the
   * server does not say. A server.conf beside the file, as issuer.jar writes it, often knows.
   */
  String whyRejected() {
    String who = "user \"" + user.name() + "\" ";
    if (!user.signatureFits()) {
      return path + " is damaged: the signature does not fit the text of its JWT";
    }
    Path conf = path.toAbsolutePath().resolveSibling("server.conf");
    Jwt account = null;
    try {
      for (Jwt jwt : Files.exists(conf) ? Jwt.in(conf) : List.<Jwt>of()) {
        account = jwt.subject().equals(user.account()) ? jwt : account;
      }
    } catch (IOException | IllegalArgumentException e) {
      // then it cannot help
    }
    if (account != null && account.revokes(user)) {
      return who + "is revoked: make another one, with issuer.jar --user NAME";
    } else if (account == null && Files.exists(conf)) {
      return who + "belongs to account " + user.account() + ", which is not in " + conf;
    } else if (!user.limits().isEmpty()) {
      return who + "may log in only " + user.limits() + "; or it is revoked, or unknown here";
    } else if (account == null) {
      return who
          + "is revoked, or the server does not know its account "
          + user.account()
          + " because it has expired, or belongs to another operator";
    }
    if (account.hasExpired()) {
      return "account \"%s\" of %shas expired: its operator has to sign it again"
          .formatted(account.name(), who);
    }
    return "the server does not know account \"%s\" of %s(or has revoked the user): start it with, or let it reload, %s"
        .formatted(account.name(), who, conf);
  }
}
