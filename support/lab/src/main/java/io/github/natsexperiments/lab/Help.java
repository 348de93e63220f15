package io.github.natsexperiments.lab;

import picocli.CommandLine.Option;

/** The options that every command of the lab has. */
final class Help {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  private boolean help;

  @Option(names = "--verbose", description = "Log more, and show the stack trace of a failure.")
  private boolean verbose; // read by Cli
}
