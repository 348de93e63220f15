package io.github.natsexperiments.cli;

import io.github.natsexperiments.cli.Login.Kind;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * How a program logs in: the options and environment variables of natscli, with the same names. No
 * option takes a token or a password itself: every user of a machine can read the arguments of its
 * processes, and the shell keeps them in its history.
 */
final class LoginOptions {
  /** A user part without a colon is a token. */
  private static final Pattern TOKEN_IN_URL = Pattern.compile("^((?:[a-z]+://)?)([^:@/]+)@(.+)$");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--creds",
      paramLabel = "FILE",
      description = "Log in with a credentials file; environment NATS_CREDS.")
  private Path creds;

  @Option(
      names = "--nkey",
      paramLabel = "FILE",
      description = "Log in with the seed in a file; environment NATS_NKEY.")
  private Path nkey;

  @Option(
      names = "--user",
      paramLabel = "NAME",
      description = "Log in as this user; environment NATS_USER, and NATS_PASSWORD.")
  private String user;

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the password of the user.")
  private Path passwordFile;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "Log in with the token in a file; environment NATS_TOKEN holds the token.")
  private Path tokenFile;

  /** The URLs without the token that one of them may carry: jnats shows them in its events. */
  static String[] withoutTokens(String[] urls) {
    return Arrays.stream(urls)
        .map(url -> TOKEN_IN_URL.matcher(url).replaceFirst("$1$3"))
        .toArray(String[]::new);
  }

  /**
   * What to log in with: an option, the URL, or the environment, in this order.
   *
   * @param urls of the servers
   * @throws Failure exit code 4 when it is empty or cannot be used
   * @throws ParameterException when there are several
   */
  Login login(String[] urls) throws Failure {
    long options = Stream.of(creds, nkey, user, tokenFile).filter(Objects::nonNull).count();
    List<String> tokens =
        Arrays.stream(urls)
            .map(TOKEN_IN_URL::matcher)
            .filter(Matcher::matches)
            .map(url -> url.group(2).replace("+", "%2B"))
            .map(token -> URLDecoder.decode(token, StandardCharsets.UTF_8))
            .distinct()
            .toList();
    boolean inUrl = Arrays.stream(urls).anyMatch(url -> url.contains("@"));
    String name = options == 0 && !inUrl ? environment("NATS_USER") : user;
    if (tokens.size() > 1) {
      throw usage("The URLs hold different tokens: one program, one token");
    } else if (options > 1 || options == 1 && inUrl) {
      throw usage("One login at a time: --creds, --nkey, --user, --token-file, or one in the URL");
    } else if (passwordFile != null && name == null) {
      throw usage("--password-file is for a user: name it with --user or NATS_USER");
    } else if (!tokens.isEmpty()) {
      return Login.token(tokens.get(0), "the token in the URL");
    } else if (inUrl) {
      return new Login(Kind.URL, "the user and password in the URL", null, null, null);
    } else if (options == 1) {
      return of(creds, nkey, user, tokenFile);
    }
    return of(path("NATS_CREDS"), path("NATS_NKEY"), name, null);
  }

  private Login of(Path creds, Path nkey, String user, Path tokenFile) throws Failure {
    if (creds != null) {
      return new Login(Kind.CREDS, "the credentials in " + creds, creds, null, null);
    } else if (nkey != null) {
      return new Login(Kind.NKEY, "the nkey in " + nkey, nkey, null, null);
    } else if (user != null) {
      String password = environment("NATS_PASSWORD");
      if (passwordFile == null && password == null) {
        throw usage("A user needs a password: set NATS_PASSWORD, or name a --password-file");
      }
      String origin = "the password of user \"" + user + "\"";
      return new Login(Kind.PASSWORD, origin, passwordFile, user, password);
    } else if (tokenFile != null) {
      return new Login(Kind.TOKEN, "the token in " + tokenFile, tokenFile, null, null);
    }
    String token = Arguments.environment("NATS_TOKEN");
    return token == null
        ? new Login(Kind.NONE, null, null, null, null)
        : Login.token(token, "the token in NATS_TOKEN");
  }

  /** A file that an environment variable names; null when it names none. */
  static Path path(String variable) {
    String value = environment(variable);
    return value == null ? null : Path.of(value);
  }

  /** An environment variable; as in a shell, an empty one is none. */
  private static String environment(String name) {
    String value = Arguments.environment(name);
    return value == null || value.isBlank() ? null : value;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
