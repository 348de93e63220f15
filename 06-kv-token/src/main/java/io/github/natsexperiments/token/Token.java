package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Login;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * The token, as jnats asks for it: at every connect, so that one in a file can be replaced while
 * the program runs.
 *
 * @param login where it comes from
 * @param urls of the servers, without a token in them
 */
record Token(Login login, String[] urls) implements Supplier<char[]> {

  /**
   * Finds the token: in {@code --token-file}, the URL, the environment variable {@code NATS_TOKEN},
   * in this order; at a terminal it asks for one that is nowhere.
   *
   * @throws Failure exit code 4 when it is empty or cannot be read
   */
  static Token find(CommonOptions options) throws Failure {
    Login login = options.login();
    String[] urls = options.servers();
    return new Token(login.isNone() && isTerminal() ? ask(urls) : login, urls);
  }

  private static Login ask(String[] urls) throws Failure {
    char[] typed =
        System.console().readPassword("Token for %s (not shown): ", String.join(", ", urls));
    return Login.token(typed == null ? "" : new String(typed), "the token typed in");
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
      } catch (IOException e) {
        return false;
      }
    }
    return System.console() != null;
  }

  /** The token now; null when there is none. */
  @Override
  public char[] get() {
    return login.get();
  }

  /** The URLs, without a token in them. */
  String[] servers() {
    return urls.clone();
  }
}
