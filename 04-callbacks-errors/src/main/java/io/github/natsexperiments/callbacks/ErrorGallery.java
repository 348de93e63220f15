package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Login;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.Options;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Errors on show: each scene makes one happen, on a stream of its own that is removed afterwards,
 * and the program prints what jnats throws or calls, what it means, and what to do.
 *
 * <p>{@code java -jar 04-callbacks-errors/target/gallery.jar} shows all, {@code gallery.jar
 * stream-missing} one.
 *
 * @see <a href="https://github.com/nats-io/nats-server/blob/main/server/errors.json">All error
 *     numbers of JetStream</a>
 */
@Command(
    name = "gallery.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Makes errors happen, and tells what they mean and what to do.",
    footer = {
      "",
      "Examples:",
      "  java -jar gallery.jar                              all of them",
      "  java -jar gallery.jar stream-missing stream-full   these two",
      "  java -jar gallery.jar --list                       their names"
    })
public final class ErrorGallery implements Callable<Integer> {
  private static final List<Exhibit> EXHIBITS =
      Stream.of(
              CoreErrors.EXHIBITS,
              StreamErrors.EXHIBITS,
              ConsumerErrors.EXHIBITS,
              KeyValueErrors.EXHIBITS)
          .flatMap(List::stream)
          .toList();

  @Spec private CommandSpec spec;
  @Mixin private CommonOptions common;

  @Option(names = "--list", description = "Print the names, and what each means.")
  private boolean list;

  @Parameters(paramLabel = "NAME", description = "Exhibits to show. Default: all.")
  private List<String> names = List.of();

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new ErrorGallery(), args));
  }

  @Override
  public Integer call() throws Exception {
    List<Exhibit> chosen = chosen();
    if (list) {
      chosen.forEach(exhibit -> System.out.println(exhibit.name() + ": " + exhibit.means()));
      return ExitCode.DONE;
    }
    Login login = common.login();
    Options settings = common.secure(Options.builder().servers(common.servers()), login).build();
    // Is there a server at all? This says why not.
    Connections.connect(settings, common.waitForServer(), login::whyRejected).close();
    try (Stop stop = Stop.onSignals()) { // what an exhibit has made is removed before the end
      for (Exhibit exhibit : chosen) {
        if (stop.asked() || System.out.checkError()) {
          break;
        }
        show(exhibit, settings);
      }
    }
    return ExitCode.DONE;
  }

  private static void show(Exhibit exhibit, Options settings)
      throws IOException, InterruptedException {
    try (Stage stage = new Stage(settings)) {
      System.out.println(exhibit.name());
      System.out.println("  jnats  " + exhibit.says(stage));
      System.out.println("  means  " + exhibit.means());
      System.out.println("  cure   " + exhibit.cure());
    }
  }

  private List<Exhibit> chosen() {
    for (String name : names) {
      if (EXHIBITS.stream().noneMatch(exhibit -> exhibit.name().equals(name))) {
        throw new ParameterException(
            spec.commandLine(), "No exhibit '" + name + "'; --list shows their names");
      }
    }
    return names.isEmpty()
        ? EXHIBITS
        : EXHIBITS.stream().filter(exhibit -> names.contains(exhibit.name())).toList();
  }
}
