package io.github.natsexperiments.cli;

import io.nats.client.NKey;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.ServerInfo;
import io.nats.client.support.Encoding;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * What a program logs in with. A file is read again at every connect, so it can be replaced while
 * the program runs; only a password stays, as jnats takes it once. No {@code toString}, no log and
 * no error message has a secret in it. Thread-safe: it does not change.
 */
public final class Login implements Supplier<char[]> {
  /** What a server may ask for, and how its file is called. */
  enum Kind {
    NONE(""),
    URL(""),
    CREDS("Credentials"),
    NKEY("Nkey"),
    PASSWORD("Password"),
    TOKEN("Token");

    private final String label;

    Kind(String label) {
      this.label = label;
    }
  }

  private final Kind kind;
  private final String origin;
  private final Path file;
  private final String user;
  private final String fixed;

  /**
   * @param origin what it is, in words
   * @param file where it stands; null when it is given
   * @param user only with a password
   * @param fixed the secret itself, without a file
   * @throws Failure exit code 4 when nobody can log in with it
   */
  Login(Kind kind, String origin, Path file, String user, String fixed) throws Failure {
    this.kind = kind;
    this.origin = origin;
    this.file = file;
    this.user = user;
    this.fixed = fixed;
    proof();
  }

  /**
   * A token that stays the same.
   *
   * @param origin where it comes from: {@code the token in NATS_TOKEN}
   * @throws Failure exit code 4 when it is empty
   */
  public static Login token(String token, String origin) throws Failure {
    return new Login(Kind.TOKEN, origin, null, null, token);
  }

  /** What proves who we are, as it is now; of credentials only the JWT, which is no secret. */
  String proof() throws Failure {
    if (kind == Kind.NONE || kind == Kind.URL) {
      return "";
    } else if (kind == Kind.CREDS) {
      return creds().user().text();
    }
    String text = file == null ? fixed : SecretFile.text(kind.label, file);
    if (text.isBlank()) {
      throw failed("No login: " + origin + " is empty");
    }
    if (kind == Kind.NKEY) {
      try {
        char[] seed = SecretFile.after(1, text).toCharArray();
        return new String(NKey.fromSeed(seed).getPublicKey());
      } catch (IllegalArgumentException | GeneralSecurityException | IOException e) {
        throw failed("Nkey file " + file + " holds no seed of a user: SU and 56 characters");
      }
    }
    return text.strip(); // a line's end, which every editor leaves in a file, is not part of it
  }

  /** The credentials, checked; null for another kind of login. */
  Creds creds() throws Failure {
    return kind == Kind.CREDS ? Creds.read(file) : null;
  }

  /** The file of credentials, for {@code Nats.credentials}; null for another kind of login. */
  public Path credsFile() {
    return kind == Kind.CREDS ? file : null;
  }

  /** The token, as jnats asks for it at every connect; null when there is none. */
  @Override
  public char[] get() {
    try {
      // jnats puts a token into its JSON as it is, a password it encodes.
      return kind == Kind.TOKEN ? Encoding.jsonEncode(proof()).toCharArray() : null;
    } catch (Failure e) {
      return null; // somebody is just replacing it: the server will say that this is not enough
    }
  }

  /** Whether jnats reads it again at each connect; a password it takes once. */
  boolean isReadAgain() {
    return kind != Kind.PASSWORD;
  }

  /** Whether there is nothing to log in with. */
  public boolean isNone() {
    return kind == Kind.NONE;
  }

  /** Puts the login into the settings of a connection. */
  public Options.Builder applyTo(Options.Builder options) throws Failure {
    return switch (kind) {
      case NONE, URL -> options;
      // Given the path, not the content, jnats reads the file again at every connect.
      case CREDS -> options.authHandler(Nats.credentials(file.toString()));
      case NKEY -> options.authHandler(Nats.credentials(null, file.toString()));
      case PASSWORD -> options.userInfo(user, proof());
      case TOKEN -> options.tokenSupplier(this);
    };
  }

  /** How to keep others from reading the secret; null when they cannot, or nobody knows. */
  String warning() {
    return file != null && SecretFile.isOpenToOthers(file)
        ? "Others can read the %s in %s: chmod 600 %s"
            .formatted(kind == Kind.TOKEN ? "token" : "secret", file, file)
        : null;
  }

  /** What it is, in words: {@code the token in NATS_TOKEN}. */
  String origin() {
    return origin;
  }

  /**
   * Why a server may have rejected it, as far as this side can know.
   *
   * @param server what the server says of itself; null when it said nothing
   */
  public String whyRejected(ServerInfo server) {
    boolean known = server != null && server.isAuthRequired();
    // A server that takes credentials or nkeys sends a nonce, to be signed with the seed.
    boolean nonce = known && server.getNonce() != null;
    if (kind == Kind.NONE) {
      if (!known) { // the server has changed its mind while we were connected
        return "it asks for a login: --creds, --token-file or --user name one";
      }
      return nonce
          ? "it asks for credentials: name a file with --creds or NATS_CREDS; issuer.jar makes one"
          : "it asks for a token or a password: name a file with --token-file, or set NATS_TOKEN; a password goes with --user";
    } else if (kind == Kind.TOKEN && nonce) {
      return "it asks for credentials, not for a token: see lesson 2";
    }
    try {
      Creds creds = creds(); // which may have expired just now
      if ((creds != null || kind == Kind.NKEY) && known && !nonce) {
        return "it asks for a token or a password, not for credentials";
      }
      return creds == null ? "it does not accept " + origin : creds.whyRejected();
    } catch (Failure e) {
      return e.getMessage();
    }
  }

  /**
   * The end of a login that the server once accepted.
   *
   * @param error what the server says
   */
  Failure ended(String error, ServerInfo server) throws Failure {
    String lower = error.toLowerCase(Locale.ROOT);
    Creds creds = creds();
    if (creds == null) {
      return failed(
          kind == Kind.NONE
              ? "The server does not accept us any more: " + whyRejected(server)
              : "The server does not accept " + origin + " any more");
    } else if (lower.startsWith("user ") && lower.endsWith("expired")) {
      return creds.expired();
    } else if (lower.endsWith("revoked")) {
      return failed(
          "The server has ended the login: user \"" + creds.user().name() + "\" is revoked");
    }
    // Not by what the server said of itself when we connected: it may ask for something else now.
    return failed("The server rejects the login: " + whyRejected(null));
  }

  private static Failure failed(String message) {
    return new Failure(ExitCode.NOT_AUTHORISED, message);
  }
}
