package io.github.natsexperiments.cli;

/**
 * An end that is told to the reader in one line: what happened and where, then what to do next. The
 * stack trace shows with {@code --verbose} only.
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

  /** The code the program ends with. */
  public int exitCode() {
    return exitCode;
  }
}
