package io.github.natsexperiments.cli;

/** The exit codes of every program. Ctrl-C gives 130 and SIGTERM 143, from the JVM itself. */
public final class ExitCode {
  /** The program did what it was asked to do. */
  public static final int DONE = 0;

  /** It failed while running. */
  public static final int FAILED = 1;

  /** It was called in a way it does not understand. */
  public static final int USAGE = 2;

  /** It could not reach a server. */
  public static final int UNREACHABLE = 3;

  /** The server refused the credentials, the token, or the right to do something. */
  public static final int NOT_AUTHORISED = 4;

  /** It gave up waiting, or messages are missing. */
  public static final int GAVE_UP = 5;

  private ExitCode() {}
}
