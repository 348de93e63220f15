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
      "  ./lab run 1          lesson 1: a server, its subscriber, its publisher",
      "  ./lab run 1 --help   the options of the two programs of lesson 1",
      "  ./lab break 3        what its pair survives, and the plain pair does not",
      "  ./lab server         a server for your own terminals, until Ctrl-C",
      "  ./lab info           what the server is, and what JetStream uses there"
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
    System.exit(Cli.run(new Lab(), args));
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(stdout());
    return ExitCode.DONE;
  }

  /** Standard output in UTF-8, whatever the locale. */
  static PrintStream stdout() {
    return new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
  }
}
