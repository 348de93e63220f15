package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.ConnectionClosedException;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusException;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import org.slf4j.simple.SimpleServiceProvider;
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
    Stop.hold();
    Console.install();
    // Read by the logging libraries when they start, which nothing has made them do so far.
    System.setProperty("java.util.logging.config.class", JulBridge.class.getName());
    System.setProperty("slf4j.internal.verbosity", "WARN");
    System.setProperty(LoggerFactory.PROVIDER_PROPERTY_KEY, SimpleServiceProvider.class.getName());
    boolean verbose = Arrays.asList(args).contains(VERBOSE);
    if (verbose) {
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "debug");
    }
    warmUp();
    CommandLine commandLine = new CommandLine(program);
    commandLine.getCommandSpec().versionProvider(new Version(program.getClass()));
    commandLine
        .setAbbreviatedOptionsAllowed(false)
        .setUsageHelpAutoWidth(false)
        .setParameterExceptionHandler(Cli::usageError)
        .setExecutionExceptionHandler((e, line, parsed) -> failure(e, verbose));
    try {
      return commandLine.execute(Arguments.inUtf8(args));
    } finally {
      // Not before the last line is printed: a signal that waits ends the JVM at once.
      Stop.release();
    }
  }

  /**
   * Loads what comes next, jnats and the logging, while picocli reads the command line: a program
   * that sends one message and exits is a fifth faster for it.
   */
  private static void warmUp() {
    Thread loader =
        new Thread(
            () -> {
              Options.builder().build();
              Log.LOG.isDebugEnabled();
            },
            "warm-up");
    loader.setDaemon(true);
    loader.start();
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
    if (e instanceof ConnectionClosedException closed) {
      return failure(Failure.of(closed), verbose);
    }
    if (e instanceof NotPermittedException refused) {
      return failure(Failure.of(refused), verbose);
    }
    if (e instanceof JetStreamApiException refused) {
      return failure(JetStreamHints.failure(refused), verbose);
    }
    if (e instanceof JetStreamStatusException refused) {
      return failure(JetStreamHints.failure(refused), verbose);
    }
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
    Log.LOG.error(message, trace);
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
