package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.nats.client.NKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A file of credentials: a user's JWT, which says who the user is and what it may do, and the
 * user's seed, the secret that proves it. Nothing of this needs a server, so it is checked before
 * connecting: a server gives the same answer, "Authorization Violation", whatever is wrong.
 *
 * @param path the file
 * @param user what the JWT says
 */
record CredsFile(Path path, Claims user) {
  private static final int LONGEST = 1 << 20;

  /** A line of dashes with a title, one line of text, a line of dashes; twice in a file. */
  private static final Pattern BLOCK =
      Pattern.compile("(?m)^-{3,}.*-{3,}\\r?\\n([\\w.=-]+)\\r?\\n-{3,}.*-{3,}$");

  /**
   * Reads and checks a file.
   *
   * @throws Failure exit code 4 when nobody can log in with it; the message says why
   */
  static CredsFile read(Path path) throws Failure {
    CredsFile file = parse(path);
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
  static CredsFile parse(Path path) throws Failure {
    List<String> blocks = blocks(path);
    if (blocks.isEmpty()) {
      throw unusable(
          path, "is no credentials file: there is no JWT and no seed between lines of dashes");
    }
    if (blocks.size() == 1) {
      throw unusable(
          path,
          blocks.get(0).contains(".")
              ? "has a JWT but no seed: it says who you are, and cannot prove it"
              : "has a seed but no JWT: it does not say whose the seed is");
    }
    Claims user = user(path, blocks.get(0));
    checkSeed(path, blocks.get(1), user);
    return new CredsFile(path, user);
  }

  /** The lines that count: first the JWT, then the seed. */
  static List<String> blocks(Path path) throws Failure {
    return BLOCK.matcher(text(path)).results().map(match -> match.group(1)).toList();
  }

  private static String text(Path path) throws Failure {
    if (Files.isDirectory(path)) {
      throw unusable(path, "is a directory: name a file in it, such as publisher.creds");
    }
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw unusable(path, "is not a regular file, and it is read again at every connect");
    }
    String text;
    try (InputStream in = Files.newInputStream(path)) {
      text = new String(in.readNBytes(LONGEST), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw unusable(path, "does not exist: issuer.jar makes one, --creds names another");
    } catch (IOException e) {
      throw unusable(path, "cannot be read by you (" + e.getClass().getSimpleName() + ")");
    }
    if (text.isBlank()) {
      throw unusable(path, "is empty");
    }
    return text;
  }

  private static Claims user(Path path, String jwt) throws Failure {
    Claims claims;
    try {
      claims = Claims.of(jwt);
    } catch (IllegalArgumentException e) {
      throw unusable(path, "is damaged: its JWT cannot be read");
    }
    if (!claims.type().equals("user")) {
      throw unusable(path, "holds the JWT of an " + claims.type() + ", not of a user");
    }
    return claims;
  }

  private static void checkSeed(Path path, String seed, Claims user) throws Failure {
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
        "The credentials of user \""
            + user.name()
            + "\" in "
            + path
            + " expired at "
            + user.expires()
            + " ("
            + Math.max(0, ago.toSeconds())
            + " s ago): get new ones, here with issuer.jar --renew "
            + user.name());
  }

  /** Whether others than the owner of the file may read it; always false on Windows. */
  boolean isOpenToOthers() {
    try {
      return Files.getPosixFilePermissions(path).stream()
          .map(PosixFilePermission::name)
          .anyMatch(name -> name.equals("GROUP_READ") || name.equals("OTHERS_READ"));
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /**
   * Why a server may have rejected these credentials although nothing is wrong with the file: the
   * server does not say. The configuration that the issuer wrote beside the file often knows.
   */
  String whyRejected() {
    if (!user.signatureFits()) {
      return path + " is damaged: the signature does not fit the text of its JWT";
    }
    String who = "user \"" + user.name() + "\" ";
    Path conf = path.toAbsolutePath().resolveSibling(Kit.SERVER_CONF);
    if (!Files.exists(conf)) {
      return who
          + "is revoked, or the server does not know its account "
          + user.account()
          + " because it belongs to another operator";
    }
    Optional<Claims> account = Optional.empty();
    try {
      account =
          Kit.claims(conf).stream().filter(c -> c.subject().equals(user.account())).findFirst();
    } catch (IOException | IllegalArgumentException e) {
      // then it cannot help
    }
    if (account.isEmpty()) {
      return who + "belongs to account " + user.account() + ", which is not in " + conf;
    }
    if (account.get().revokes(user)) {
      return who + "is revoked: make another one, with issuer.jar --user NAME";
    }
    return "the server does not know account \""
        + account.get().name()
        + "\" of "
        + who
        + "(or has revoked the user): start it with, or let it reload, "
        + conf;
  }
}
