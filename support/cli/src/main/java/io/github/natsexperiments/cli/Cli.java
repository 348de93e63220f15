package io.github.natsexperiments.cli;

import io.nats.client.Nats;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;

/** Runs a program: reads its command line, calls it, and turns what it throws into an exit code. */
public final class Cli {
  static final String VERBOSE = "--verbose";

  private Cli() {}

  /**
   * Runs a program whose class carries picocli's {@code @Command}.
   *
   * @param program what to run
   * @param args the arguments of {@code main}
   * @return the exit code, see {@link ExitCode}
   */
  public static int run(Callable<Integer> program, String[] args) {
    Console.install();
    // Read by the logging libraries when they start, which nothing has made them do so far.
    System.setProperty("java.util.logging.config.class", JulBridge.class.getName());
    boolean verbose = Arrays.asList(args).contains(VERBOSE);
    if (verbose) {
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "debug");
    }
    CommandLine commandLine = new CommandLine(program);
    commandLine.getCommandSpec().versionProvider(new Version(program.getClass()));
    commandLine
        .setAbbreviatedOptionsAllowed(false)
        .setUsageHelpAutoWidth(false)
        .setParameterExceptionHandler(Cli::usageError)
        .setExecutionExceptionHandler((e, line, parsed) -> failure(e, verbose));
    return commandLine.execute(Arguments.inUtf8(args));
  }

  private static int usageError(ParameterException e, String[] args) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    error(
        e.getMessage().lines().findFirst().orElse("wrong usage") + ". See " + command + " --help",
        null);
    return ExitCode.USAGE;
  }

  private static int failure(Exception e, boolean verbose) {
    Throwable trace = verbose ? e : null;
    if (e instanceof Failure failure) {
      error(failure.getMessage(), trace);
      return failure.exitCode();
    }
    if (e instanceof ParameterException usage) {
      error(usage.getMessage(), trace);
      return ExitCode.USAGE;
    }
    String what = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    error(
        ServerUrls.withoutSecrets(what.lines().findFirst().orElse(""))
            + (verbose ? "" : " (" + VERBOSE + " shows where)"),
        trace);
    return ExitCode.FAILED;
  }

  private static void error(String message, Throwable trace) {
    LoggerFactory.getLogger("nats").error(message, trace);
  }

  /** What {@code -V} prints. */
  private record Version(Class<?> program) implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = program.getPackage().getImplementationVersion();
      return new String[] {
        "NATS Experiments "
            + (version == null ? "(not packaged)" : version)
            + ", jnats "
            + Nats.CLIENT_VERSION
            + ", JDK "
            + System.getProperty("java.version")
      };
    }
  }
}
