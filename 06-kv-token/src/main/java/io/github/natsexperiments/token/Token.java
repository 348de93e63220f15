package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Login;
import java.util.function.Supplier;

/**
 * The token, as jnats asks for it: at every connect, so that one in a file can be replaced while
 * the program runs.
 *
 * @param login where it comes from
 * @param urls of the servers, without a token in them
 */
record Token(Login login, String[] urls) implements Supplier<char[]> {
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
