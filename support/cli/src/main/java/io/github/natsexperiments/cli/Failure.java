package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.ConnectionClosedException;
import io.github.natsexperiments.resilience.NotPermittedException;

/**
 * An end that is reported to the reader in one line: what happened and where, then what to do next.
 * The stack trace shows with {@code --verbose} only.
 */
public final class Failure extends Exception {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /**
   * @param exitCode one of {@link ExitCode}
   * @param message what happened, where, and what to do next; one line
   */
  public Failure(int exitCode, String message) {
    this(exitCode, message, null);
  }

  /**
   * @param exitCode one of {@link ExitCode}
   * @param message what happened, where, and what to do next; one line
   * @param cause shown with {@code --verbose}; may be null
   */
  public Failure(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /** A connection that is closed for good although nobody here wanted it. */
  public static Failure of(ConnectionClosedException e) {
    return e.isLoginRefused()
        ? new Failure(
            ExitCode.NOT_AUTHORISED,
            ServerUrls.withoutSecrets(e.getMessage()) + "; start again with the right login",
            e)
        : new Failure(ExitCode.UNREACHABLE, ServerUrls.withoutSecrets(e.getMessage()), e);
  }

  /** A permission that our user lacks. */
  public static Failure of(NotPermittedException e) {
    // The server says: Permissions Violation for Publish to "bar"
    String what = e.getMessage().replaceFirst("(?i)^permissions violation for ", "");
    return new Failure(ExitCode.NOT_AUTHORISED, "Refused by the server: " + what, e);
  }

  /** The code the program ends with. */
  public int exitCode() {
    return exitCode;
  }
}
