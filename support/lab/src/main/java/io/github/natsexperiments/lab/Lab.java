package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ExitCode;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code ./lab}: what the lessons need around them, without Docker. */
@Command(
    name = "lab",
    synopsisHeading = "Usage: ./",
    description = "Runs the lessons and their nats-server on this machine.",
    subcommands = {Run.class, Break.class, Server.class, Info.class},
    footer = {
      "",
      "Examples:",
      "  ./lab run 1         lesson 1, and a server for it",
      "  ./lab run 1 --help  the options of its two programs",
      "  ./lab break 3       what only the lesson's pair survives",
      "  ./lab server        a server for your own terminals",
      "  ./lab info          that server, and what it stores"
    })
public final class Lab implements Callable<Integer> {
  @Mixin private Help help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version of the lab, of jnats and of the JDK, and exit.")
  private boolean version;

  @Spec private CommandSpec spec;

  /** Starts the command. */
  public static void main(String[] args) {
    // In UTF-8, whatever the locale; at the end it is checked whether all could be written.
    System.setOut(
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
    System.exit(Cli.run(new Lab(), args));
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(stdout());
    return ExitCode.DONE;
  }

  /** Standard output. */
  static PrintStream stdout() {
    return System.out;
  }
}
