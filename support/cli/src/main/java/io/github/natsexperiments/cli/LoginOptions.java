package io.github.natsexperiments.cli;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
      description = "Log in as this user; environment NATS_USER. Password: NATS_PASSWORD.")
  private String user;

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the password of --user.")
  private Path passwordFile;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "Log in with the token in a file; environment NATS_TOKEN, which holds it.")
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
   * @throws Failure exit code 4 when it is empty or cannot be read
   * @throws ParameterException when there are several
   */
  Login login(String[] urls) throws Failure {
    long options =
        Arrays.asList(creds, nkey, user, tokenFile).stream().filter(Objects::nonNull).count();
    if (options > 1) {
      throw usage("One login at a time: --creds, --nkey, --user or --token-file");
    }
    String tokenInUrl = tokenIn(urls);
    if (options == 0 && tokenInUrl != null) {
      return Login.token(tokenInUrl, "the token in the URL");
    }
    if (tokenInUrl != null) {
      throw usage("There is a token in the URL: leave it out, or the option for another login");
    }
    if (options == 0 && Arrays.stream(urls).anyMatch(url -> url.contains("@"))) {
      return Login.inUrl(); // name and password of each server, which jnats knows how to use
    }
    return options == 0 ? fromEnvironment() : of(creds, nkey, user, tokenFile);
  }

  private Login of(Path creds, Path nkey, String user, Path tokenFile) throws Failure {
    if (creds != null) {
      return Login.creds(creds);
    }
    if (nkey != null) {
      return Login.nkey(nkey);
    }
    if (tokenFile != null) {
      return Login.tokenIn(tokenFile);
    }
    String password = environment("NATS_PASSWORD");
    if (passwordFile == null && password == null) {
      throw usage("--user needs a password: set NATS_PASSWORD, or name a --password-file");
    }
    return Login.password(user, passwordFile, password);
  }

  private Login fromEnvironment() throws Failure {
    String creds = environment("NATS_CREDS");
    String nkey = environment("NATS_NKEY");
    String user = environment("NATS_USER");
    String token = System.getenv("NATS_TOKEN");
    if (creds != null || nkey != null || user != null) {
      return of(
          creds == null ? null : Path.of(creds), nkey == null ? null : Path.of(nkey), user, null);
    }
    return token == null ? Login.none() : Login.token(token, "the token in NATS_TOKEN");
  }

  /** An environment variable; as in a shell, an empty one is none. */
  private static String environment(String name) {
    String value = System.getenv(name);
    return value == null || value.isBlank() ? null : value;
  }

  private String tokenIn(String[] urls) {
    String token = null;
    for (String each : urls) {
      Matcher url = TOKEN_IN_URL.matcher(each);
      if (url.matches()) {
        String found = URLDecoder.decode(url.group(2).replace("+", "%2B"), StandardCharsets.UTF_8);
        if (token != null && !token.equals(found)) {
          throw usage("The URLs hold different tokens: one program, one token");
        }
        token = found;
      }
    }
    return token;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
