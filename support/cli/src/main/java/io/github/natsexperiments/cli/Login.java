package io.github.natsexperiments.cli;

import io.nats.client.AuthHandler;
import io.nats.client.NKey;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.ServerInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.function.Supplier;

/**
 * What a program logs in with. What is in a file is read again at every connect, so it can be
 * replaced while the program runs; only a password stays, as jnats takes it once. No {@code
 * toString}, no log and no error message has a secret in it.
 *
 * <p>Thread-safe: it does not change.
 */
public final class Login implements Supplier<char[]> {
  /** The kinds of login that a server may ask for. */
  enum Kind {
    NONE,
    URL,
    CREDS,
    NKEY,
    PASSWORD,
    TOKEN
  }

  private final Kind kind;
  private final String origin;
  private final Path file;
  private final String user;
  private final String fixed;

  private Login(Kind kind, String origin, Path file, String user, String fixed) {
    this.kind = kind;
    this.origin = origin;
    this.file = file;
    this.user = user;
    this.fixed = fixed;
  }

  /** No login: right for an open server only. */
  static Login none() {
    return new Login(Kind.NONE, null, null, null, null);
  }

  /** The names and passwords that the URLs carry, which jnats takes from there. */
  static Login inUrl() {
    return new Login(Kind.URL, "the user and password in the URL", null, null, null);
  }

  /** A file of credentials, checked. */
  static Login creds(Path file) throws Failure {
    return new Login(Kind.CREDS, "the credentials in " + file, file, null, null).checked();
  }

  /** A file with the seed of a user, whose public key the server knows, checked. */
  static Login nkey(Path file) throws Failure {
    return new Login(Kind.NKEY, "the nkey in " + file, file, null, null).checked();
  }

  /** The name of a user, and the password in a file or, without one, as it is given. */
  static Login password(String user, Path file, String password) throws Failure {
    String origin =
        "user \""
            + user
            + "\" with "
            + (file == null ? "this password" : "the password in " + file);
    return new Login(Kind.PASSWORD, origin, file, user, password).checked();
  }

  /** The token in a file, whatever it is at the time. */
  static Login tokenIn(Path file) throws Failure {
    return new Login(Kind.TOKEN, "the token in " + file, file, null, null).checked();
  }

  /**
   * A token that stays the same.
   *
   * @param origin where it comes from: {@code the token in NATS_TOKEN}
   * @throws Failure exit code 4 when it is empty
   */
  public static Login token(String token, String origin) throws Failure {
    return new Login(Kind.TOKEN, origin, null, null, token).checked();
  }

  private Login checked() throws Failure {
    proof();
    return this;
  }

  /**
   * What proves who we are, as it is now: another text when it has been replaced. Of credentials
   * only the JWT, which is no secret.
   *
   * @throws Failure exit code 4 when it cannot be used; the message says why
   */
  String proof() throws Failure {
    return switch (kind) {
      case NONE, URL -> "";
      case CREDS -> creds().user().text();
      case NKEY -> nkey();
      default -> {
        String text = file == null ? fixed : SecretFile.text(file, nameOfFile());
        // A line's end, which every editor leaves in a file, is not part of it.
        if (text.isBlank()) {
          throw new Failure(ExitCode.NOT_AUTHORISED, "No login: " + origin + " is empty");
        }
        yield kind == Kind.PASSWORD && file == null ? text : text.strip();
      }
    };
  }

  private String nameOfFile() {
    String what =
        switch (kind) {
          case NKEY -> "Nkey";
          case PASSWORD -> "Password";
          default -> "Token";
        };
    return what + " file " + file + " ";
  }

  private String nkey() throws Failure {
    String seed = SecretFile.text(file, nameOfFile()).strip();
    try {
      NKey key =
          NKey.fromSeed(
              seed.lines()
                  .filter(line -> line.startsWith("SU"))
                  .findFirst()
                  .orElse("")
                  .toCharArray());
      return new String(key.getPublicKey());
    } catch (IllegalArgumentException | GeneralSecurityException | IOException e) {
      throw new Failure(
          ExitCode.NOT_AUTHORISED,
          nameOfFile() + "holds no seed of a user: SU and 56 characters",
          e);
    }
  }

  /** The file of credentials; null for another kind of login. */
  Creds creds() throws Failure {
    return kind == Kind.CREDS ? Creds.read(file) : null;
  }

  /** The same, and null as well when it cannot be used any more. */
  Creds credsIfGood() {
    try {
      return creds();
    } catch (Failure e) {
      return null;
    }
  }

  /** The token, as jnats asks for it at every connect; null when there is none. */
  @Override
  public char[] get() {
    try {
      return kind == Kind.TOKEN ? proof().toCharArray() : null;
    } catch (Failure e) {
      return null; // somebody is just replacing it: the server will say that this is not enough
    }
  }

  /** The file of credentials, for {@code Nats.credentials}; null for another kind of login. */
  public Path credsFile() {
    return kind == Kind.CREDS ? file : null;
  }

  /** Whether there is nothing to log in with. */
  public boolean isNone() {
    return kind == Kind.NONE;
  }

  /** Puts the login into the settings of a connection. */
  public Options.Builder applyTo(Options.Builder options) {
    // Given the path, not the content, jnats reads the file again at every connect.
    return switch (kind) {
      case NONE, URL -> options;
      case CREDS -> options.authHandler(Nats.credentials(file.toString()));
      case NKEY -> options.authHandler(challenge(file));
      case PASSWORD -> options.userInfo(user, password());
      case TOKEN -> options.tokenSupplier(this);
    };
  }

  private static AuthHandler challenge(Path seed) {
    return Nats.credentials(null, seed.toString());
  }

  private String password() {
    try {
      return proof();
    } catch (Failure e) {
      throw new IllegalStateException(e); // it could be read a moment ago
    }
  }

  /** How to keep others from reading the secret; null when they cannot, or nobody knows. */
  String warning() {
    if (file == null || !SecretFile.isOpenToOthers(file)) {
      return null;
    }
    String what = kind == Kind.TOKEN ? "token" : "secret";
    return "Others can read the " + what + " in " + file + ": chmod 600 " + file;
  }

  /** What it is, in words: {@code the token in NATS_TOKEN}; null when there is none. */
  String origin() {
    return origin;
  }

  /**
   * Why a server may have rejected it, as far as this side can know.
   *
   * @param server what the server says of itself; null when it said nothing
   */
  public String whyRejected(ServerInfo server) {
    // A server that takes credentials or nkeys sends a nonce, to be signed with the seed.
    boolean known = server != null && server.isAuthRequired();
    boolean nonce = known && server.getNonce() != null;
    switch (kind) {
      case NONE:
        return nonce || !known
            ? "it asks for credentials: name a file with --creds or NATS_CREDS; issuer.jar makes one"
            : "it asks for a token or a password: name a file with --token-file, or set NATS_TOKEN; a password goes with --user";
      case CREDS, NKEY:
        try {
          Creds creds = creds(); // which may have expired just now
          return known && !nonce
              ? "it asks for a token or a password, not for credentials"
              : creds == null ? "it does not accept " + origin : creds.whyRejected();
        } catch (Failure e) {
          return e.getMessage();
        }
      default:
        return nonce && kind == Kind.TOKEN
            ? "it asks for credentials, not for a token: see lesson 2"
            : "it does not accept " + origin;
    }
  }

  /**
   * The end of a login that the server once accepted.
   *
   * @param error what the server says
   */
  Failure ended(String error, ServerInfo server) {
    String lower = error.toLowerCase(java.util.Locale.ROOT);
    String message;
    try {
      Creds creds = creds();
      if (creds != null && lower.startsWith("user ") && lower.endsWith("expired")) {
        return creds.expired();
      } else if (creds != null && lower.endsWith("revoked")) {
        message = "The server has ended the login: user \"" + creds.user().name() + "\" is revoked";
      } else if (kind == Kind.NONE) {
        message = "The server does not accept us any more: " + whyRejected(server);
      } else if (kind == Kind.CREDS) {
        message = "The server rejects the login: " + whyRejected(server);
      } else {
        message = "The server does not accept " + origin + " any more";
      }
    } catch (Failure e) {
      return e;
    }
    return new Failure(ExitCode.NOT_AUTHORISED, message);
  }
}
