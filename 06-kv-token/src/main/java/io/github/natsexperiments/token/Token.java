package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The token, as jnats asks for it: anew at every connect, so that one in a file can be replaced
 * while the program runs. It has no {@code toString}, no log and no error message with the token.
 *
 * @param origin in words; null when there is no token
 * @param servers the URLs, without a token in them
 */
final class Token implements Supplier<char[]> {
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private final char[] fixed;
  private final Path file;
  private final String origin;
  private final String[] servers;

  private Token(char[] fixed, Path file, String origin, String[] servers) {
    this.fixed = fixed;
    this.file = file;
    this.origin = origin;
    this.servers = servers;
  }

  /** No token: right for an open server only. */
  static Token none(String[] servers) {
    return new Token(null, null, null, servers);
  }

  /** A token that stays the same. */
  static Token of(String token, String origin, String[] servers) throws Failure {
    return new Token(checked(token, origin), null, origin, servers);
  }

  /** The token in a file, whatever it is at the time. */
  static Token in(Path file, String[] servers) throws Failure {
    Token token = new Token(null, file, "the token in " + file, servers);
    token.read();
    return token;
  }

  private static char[] checked(String token, String origin) throws Failure {
    // A line's end, which every editor leaves in a file, is not part of it.
    String stripped = token.strip();
    if (stripped.isEmpty()) {
      throw new Failure(ExitCode.NOT_AUTHORISED, "No login: " + origin + " is empty");
    }
    return stripped.toCharArray();
  }

  private char[] read() throws Failure {
    try {
      return checked(Files.readString(file, StandardCharsets.UTF_8), origin);
    } catch (NoSuchFileException e) {
      throw new Failure(ExitCode.NOT_AUTHORISED, "No login: there is no file " + file, e);
    } catch (IOException e) {
      throw new Failure(
          ExitCode.NOT_AUTHORISED,
          "No login: cannot read " + file + ": " + e.getClass().getSimpleName(),
          e);
    }
  }

  /** The token now; null when there is none. */
  @Override
  public char[] get() {
    if (file == null) {
      return fixed == null ? null : fixed.clone();
    }
    try {
      return read();
    } catch (Failure e) {
      return null; // somebody is just replacing it: the server will say that this is not enough
    }
  }

  /** Whether there is one to log in with. */
  boolean isThere() {
    return origin != null;
  }

  /** What it is, in words. */
  String origin() {
    return origin;
  }

  /** The URLs, without a token in them. */
  String[] servers() {
    return servers.clone();
  }

  /** How to keep others from reading it; null when they cannot, or nobody knows. */
  String warning() {
    try {
      Set<PosixFilePermission> permissions =
          file == null ? Set.of() : Files.getPosixFilePermissions(file);
      return permissions.stream().anyMatch(OTHERS::contains)
          ? "Others can read the token in " + file + ": chmod 600 " + file
          : null;
    } catch (IOException | UnsupportedOperationException e) {
      return null; // Windows has other means
    }
  }
}
