package io.github.natsexperiments.cli;

import io.github.natsexperiments.resilience.ConnectFailedException;
import io.github.natsexperiments.resilience.ConnectionClosedException;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusException;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;
import org.slf4j.simple.SimpleServiceProvider;
import picocli.CommandLine;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs a program: reads its command line, calls it, and turns what it throws into an exit code. */
public final class Cli {
  static final String VERBOSE = "--verbose";

  /** So begins what jnats says of a server that was there when it connected. */
  private static final String NO_ANSWER = "Timeout or no response";

  private static final Set<String> HELP = Set.of("-h", "--help", "help");
  private static final int NARROWEST_HELP = 55; // picocli's own limit

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
    // Digits and times that every reader of a log can read, whatever the locale.
    Locale.setDefault(Locale.ROOT);
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
    CommandLine commandLine =
        commandLine(program)
            .setParameterExceptionHandler((e, all) -> usageError(e))
            .setExecutionExceptionHandler((e, line, parsed) -> failure(e, verbose));
    if (Stream.of(args).anyMatch(HELP::contains)) {
      commandLine.setUsageHelpWidth(Math.max(NARROWEST_HELP, Terminal.width()));
    }
    try {
      int exitCode = commandLine.execute(Arguments.inUtf8(args));
      return exitCode == ExitCode.DONE ? lateFailure(commandLine, verbose) : exitCode;
    } catch (Error e) { // which picocli lets through
      boolean memory = e instanceof OutOfMemoryError;
      String cure = memory ? "; java -Xmx1g gives it more memory, for example" : "";
      return failure(new Failure(ExitCode.FAILED, e + cure, e), verbose);
    } finally {
      // Not before the last line is printed: a signal that waits ends the JVM at once.
      Stop.release();
    }
  }

  static CommandLine commandLine(Callable<Integer> program) {
    CommandLine commandLine = new CommandLine(program);
    commandLine.getCommandSpec().versionProvider(new Version(program.getClass()));
    return withNumbers(commandLine)
        .setAbbreviatedOptionsAllowed(false)
        .setExpandAtFiles(false) // -m '@all' is a text
        .setUsageHelpAutoWidth(false)
        .registerConverter(Path.class, Cli::path);
  }

  /** Numbers that are called what they are when they are wrong. */
  public static CommandLine withNumbers(CommandLine commandLine) {
    return commandLine
        .registerConverter(Long.class, Numbers::whole)
        .registerConverter(Long.TYPE, Numbers::whole)
        .registerConverter(Integer.class, Numbers::wholeInt)
        .registerConverter(Integer.TYPE, Numbers::wholeInt);
  }

  /** A file or a folder; the empty path of a variable that is not set would be this folder. */
  private static Path path(String text) {
    if (text.isBlank()) {
      throw new TypeConversionException("'" + text + "' names no file or folder");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(
          "'" + text + "' is no path in this locale: try it with LC_ALL=C.UTF-8");
    }
  }

  /**
   * Loads what comes next, jnats and the logging, while picocli reads the command line: a program
   * that sends one message and exits is a twentieth faster for it.
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

  private static int usageError(ParameterException e) {
    error(usage(e) + ". See " + command(e.getCommandLine()) + " --help", null);
    return ExitCode.USAGE;
  }

  /** What is wrong with the command line, without the value of an option that does not exist. */
  public static String usage(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched) {
      String first = unmatched.getUnmatched().get(0);
      if (first.startsWith("-")) {
        // -pS3CRET, --password=S3CRET
        int end = first.startsWith("--") ? first.indexOf('=') : Math.min(2, first.length());
        return "Unknown option: '" + (end < 0 ? first : first.substring(0, end)) + "'";
      }
      return "Unmatched argument: '" + ServerUrls.withoutSecrets(first) + "'";
    }
    String what = e.getMessage().lines().findFirst().orElse("Wrong usage");
    return ServerUrls.withoutSecretsInUrls(what.replaceFirst("^Error: ", "")); // picocli's
  }

  /** The command as it was typed, as far as the JVM knows: the jar with its path. */
  static String command(CommandLine line) {
    String name = line.getCommandSpec().qualifiedName();
    String classPath = System.getProperty("java.class.path");
    if (!name.endsWith(".jar") || !classPath.endsWith(".jar")) {
      return name;
    }
    return "java -jar " + (classPath.contains(" ") ? '"' + classPath + '"' : classPath);
  }

  private static boolean explains(Failure heard, Exception thrown) {
    if (heard == null || heard.exitCode() == ExitCode.NOT_AUTHORISED) {
      return heard != null;
    }
    // That the connection is closed may only be the end that the exception has brought about.
    boolean closed = heard.exitCode() == ExitCode.UNREACHABLE;
    boolean answered = thrown instanceof IOException || thrown instanceof JetStreamApiException;
    return !(thrown instanceof Failure) && !(closed && answered);
  }

  /** What a program that ends well has not noticed: its last output, or a listener's failure. */
  private static int lateFailure(CommandLine line, boolean verbose) {
    if (Stop.lastFailure() != null) {
      return failure(Stop.lastFailure(), verbose);
    }
    if (line.getOut().checkError() | System.out.checkError()) {
      IOException e = new IOException("the disk is full, or the file cannot be written");
      if (!Terminal.isClosedPipe(Terminal.OUT, e)) {
        return failure(Console.cannotWrite(e.getMessage(), e), verbose);
      }
    }
    return ExitCode.DONE;
  }

  static int failure(Exception thrown, boolean verbose) {
    if (thrown instanceof ConnectFailedException failed) {
      // Converted first: its reason matters more than a listener's, that the connection is closed.
      return failure(Connections.failure(failed, null), verbose);
    }
    // What a listener heard explains why a call failed, such as one on a closed connection.
    Failure heard = Stop.lastFailure();
    Exception e = explains(heard, thrown) ? heard : thrown;
    Throwable trace = verbose ? e : null;
    if (e instanceof InterruptedException) {
      return ExitCode.FAILED; // Ctrl-C while it connects: the exit code is the signal's
    }
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
      error(usage(usage), trace);
      return ExitCode.USAGE;
    }
    error(unexpected(e) + (verbose ? "" : " (" + VERBOSE + " shows where)"), trace);
    return ExitCode.FAILED;
  }

  /** What no class of ours has put into words. */
  static String unexpected(Exception e) {
    String what = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return ServerUrls.withoutSecrets(what.lines().findFirst().orElse(""))
        + (what.startsWith(NO_ANSWER) ? ": is it paused, overloaded or gone? Start again" : "");
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
