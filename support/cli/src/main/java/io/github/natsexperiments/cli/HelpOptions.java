package io.github.natsexperiments.cli;

import picocli.CommandLine.Option;

/** The options of every program, whether it talks to a server or not. */
public final class HelpOptions {
  @Option(names = Cli.VERBOSE, description = "Log more, and show the stack trace of a failure.")
  private boolean verbose; // read by Cli

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version of the program, of jnats and of the JDK, and exit.")
  private boolean version;
}
