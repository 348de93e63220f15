package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.Numbers;
import io.github.natsexperiments.cli.PublisherOptions;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.resilience.PublisherBuilder;
import io.nats.client.Connection;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@link KvPublisher}. */
@Command(
    name = "publisher.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Puts values into a bucket of the Key/Value store.",
    footer = {
      "",
      "Examples:",
      "  java -jar publisher.jar                        one value a second",
      "  java -jar publisher.jar --keys lamp,door -n 4  two keys in turn",
      "  java -jar publisher.jar --bucket ten --history 10",
      "  java -jar publisher.jar --delete lamp",
      "  echo lamp=on | java -jar publisher.jar --stdin",
      "  java -jar publisher.jar -n 100000 -i 0 -q --async"
    })
final class KvPublisherOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Mixin private CommonOptions common;
  @Mixin private BucketOptions bucket;

  @Mixin
  private PublisherOptions publisher =
      new PublisherOptions("Hello #{n} from Key/Value NATS publisher");

  @Option(
      names = {"--key", "--keys"},
      paramLabel = "KEY",
      split = ",",
      converter = KvNames.Key.class,
      description = "Key, or several that take turns: a,b,c. Default: key.")
  private List<String> keys;

  @ArgGroup private Removal removal = new Removal();

  private static final class Removal {
    @Option(
        names = "--delete",
        paramLabel = "KEY",
        converter = KvNames.Key.class,
        description = "Delete KEY and exit: it has no value any more; its history stays.")
    private String delete;

    @Option(
        names = "--purge",
        paramLabel = "KEY",
        converter = KvNames.Key.class,
        description = "Delete KEY and its history, and exit.")
    private String purge;
  }

  private int window;

  @Option(
      names = "--async",
      paramLabel = "WINDOW",
      arity = "0..1",
      fallbackValue = "1000",
      description = "Do not wait for each answer: keep up to WINDOW puts (1000) in flight.")
  private void setWindow(int puts) {
    window = (int) Numbers.upTo(PublisherBuilder.LARGEST_WINDOW, spec, "--async", puts);
  }

  /** Checks what picocli cannot, and starts the run. */
  Run run() {
    publisher.check();
    refuse(
        publisher.stdin() && keys != null, "--stdin names the key in each line: leave out --key");
    if (delete() != null || purge() != null) {
      publisher.refuseText("--delete and --purge put no value");
      refuse(
          keys != null || publisher.stdin() || window > 0,
          "--delete and --purge are for one key: leave out --key, --stdin and --async");
    }
    return common.run("Put", publisher.count(), false);
  }

  private void refuse(boolean wrong, String why) {
    if (wrong) {
      throw new ParameterException(spec.commandLine(), why);
    }
  }

  /** The bucket to write to. */
  BucketOptions bucket() {
    return bucket;
  }

  /** The key to delete; null for none. */
  String delete() {
    return removal.delete;
  }

  /** The key to purge; null for none. */
  String purge() {
    return removal.purge;
  }

  /** How many puts may be in flight; 0 to wait for each answer. */
  int window() {
    return window;
  }

  /** What to put. */
  Puts puts(Stop stop, Connection connection) {
    return new Puts(
        publisher.payloads(stop, connection.getMaxPayload() + KvNames.LONGEST_KEY + 1),
        publisher.stdin() ? null : keys == null ? List.of("key") : keys);
  }
}
