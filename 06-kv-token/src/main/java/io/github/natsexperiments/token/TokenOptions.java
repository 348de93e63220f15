package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.ServerUrls;
import java.io.Console;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/**
 * Where the token comes from: the URL, a file, the environment variable {@code NATS_TOKEN}, or the
 * keyboard, in this order. There is no option {@code --token TOKEN}: every user of a machine can
 * read the arguments of its processes, and the shell keeps them in its history.
 */
final class TokenOptions {
  private static final String VARIABLE = "NATS_TOKEN";

  /** A user part without a colon is a token. */
  private static final Pattern TOKEN_IN_URL = Pattern.compile("((?:[a-z]+://)?)([^:@/]+)@(.+)");

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "File with the token. Default: environment NATS_TOKEN, else a prompt.")
  private Path file;

  /**
   * Finds the token, and asks for it when there is a terminal and no other way.
   *
   * @param urls of the servers; one of them may carry the token
   * @throws Failure exit code 4 when it is empty or cannot be read, 2 when there are several
   */
  Token find(String[] urls) throws Failure {
    String[] clean = urls.clone();
    String inUrl = null;
    for (int i = 0; i < urls.length; i++) {
      Matcher url = TOKEN_IN_URL.matcher(urls[i]);
      if (url.matches()) {
        String token = URLDecoder.decode(url.group(2).replace("+", "%2B"), StandardCharsets.UTF_8);
        if (inUrl != null && !inUrl.equals(token)) {
          throw new Failure(
              ExitCode.USAGE, "The URLs hold different tokens: one program, one token");
        }
        inUrl = token;
        // jnats would show the whole URL in its events and errors.
        clean[i] = url.group(1) + url.group(3);
      }
    }
    if (inUrl != null) {
      return Token.of(inUrl, "the token in the URL", clean);
    }
    if (file != null) {
      return Token.in(file, clean);
    }
    String inEnvironment = System.getenv(VARIABLE);
    if (inEnvironment != null) {
      return Token.of(inEnvironment, "the token in " + VARIABLE, clean);
    }
    return isTerminal() ? ask(clean) : Token.none(clean);
  }

  private static Token ask(String[] urls) throws Failure {
    char[] typed =
        System.console()
            .readPassword(
                "Token for %s (not shown): ", ServerUrls.withoutSecrets(String.join(", ", urls)));
    return Token.of(typed == null ? "" : new String(typed), "the token typed in", urls);
  }

  /** Newer JDKs have a console also where nobody sits at it. */
  private static boolean isTerminal() {
    Path input = Path.of("/proc/self/fd/0");
    if (Files.isSymbolicLink(input)) {
      try {
        String target = Files.readSymbolicLink(input).toString();
        if (!target.startsWith("/dev/pts/") && !target.startsWith("/dev/tty")) {
          return false;
        }
      } catch (java.io.IOException e) {
        return false;
      }
    }
    Console console = System.console();
    return console != null;
  }
}
