package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Login;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * Where the token comes from: {@code --token-file}, the URL, the environment variable {@code
 * NATS_TOKEN}, or the keyboard, in this order.
 */
@Command
final class TokenOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /**
   * Finds the token, and asks for it when there is a terminal and no other way.
   *
   * @param urls of the servers
   * @throws Failure exit code 4 when it is empty or cannot be read
   */
  Token find(String[] urls) throws Failure {
    Login login = common(spec).login();
    return new Token(login.isNone() && isTerminal() ? ask(urls) : login, urls);
  }

  private static CommonOptions common(CommandSpec spec) {
    for (CommandSpec mixin : spec.mixins().values()) {
      if (mixin.userObject() instanceof CommonOptions common) {
        return common;
      }
      CommonOptions deeper = common(mixin);
      if (deeper != null) {
        return deeper;
      }
    }
    return null;
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
    Console console = System.console();
    return console != null;
  }
}
