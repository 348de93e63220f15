package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Checkout;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.HelpOptions;
import io.github.natsexperiments.cli.Subjects;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line of {@link CredsIssuer}; what is left out is null. */
@Command(
    name = "issuer.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Issues credentials: an operator, an account, two users, and a server.conf.",
    footer = {
      "",
      "Examples:",
      "  java -jar issuer.jar                                    a new kit",
      "  java -jar issuer.jar --tls                              with certificates",
      "  java -jar issuer.jar --user guest --allow-sub 'foo,bar.>' --expires 1h",
      "  java -jar issuer.jar --renew guest --expires 24h",
      "  java -jar issuer.jar --revoke guest",
      "  java -jar issuer.jar --show 02-creds-auth/creds/guest.creds"
    })
final class CredsIssuerOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the kit. Default: 02-creds-auth/creds, in the checkout.")
  private Path out;

  @Option(
      names = "--expires",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "When the users' credentials end: 90s, 24h, 30d from now. Default: never.")
  Duration expires;

  @Option(names = "--force", description = "Replace the kit that is there, keys and all.")
  boolean force;

  @Option(
      names = "--tls",
      description = "New kit: certificates, too, and a server.conf that asks for TLS.")
  boolean tls;

  @Option(names = "--user", paramLabel = "NAME", description = "Add a user to the kit.")
  String newUser;

  @Option(
      names = "--allow-pub",
      paramLabel = "SUBJECT",
      split = ",",
      converter = Subjects.ForSubscribing.class,
      description = "What the new user may publish to, wildcards too. Default: nothing.")
  List<String> allowPub = List.of();

  @Option(
      names = "--allow-sub",
      paramLabel = "SUBJECT",
      split = ",",
      converter = Subjects.ForSubscribing.class,
      description = "What the new user may subscribe to, wildcards too. Default: nothing.")
  List<String> allowSub = List.of();

  @Option(
      names = "--renew",
      paramLabel = "NAME",
      description = "Write a user's file again: same key, same permissions, another end.")
  String renew;

  @Option(
      names = "--revoke",
      paramLabel = "NAME",
      description = "Declare a user's credentials void, in server.conf.")
  String revoke;

  @Option(
      names = "--show",
      paramLabel = "FILE",
      description = "Print what the JWTs in a file say; never a seed.")
  Path show;

  @Mixin private HelpOptions help;

  void check() {
    long tasks = Stream.of(newUser, renew, revoke, show).filter(Objects::nonNull).count();
    if (tasks > 1) {
      throw usage("--user, --renew, --revoke and --show: one at a time");
    }
    if (show != null && out != null) {
      throw usage("--out is for a kit: --show names a file itself");
    }
    if (force && tasks > 0) {
      throw usage("--force is for a whole kit: leave out the other option, or --force");
    }
    if (tls && tasks > 0) {
      throw usage("--tls is for a whole kit: leave out the other option, or --tls");
    }
    if (newUser == null && !(allowPub.isEmpty() && allowSub.isEmpty())) {
      throw usage("--allow-pub and --allow-sub say what a new user may do: name it with --user");
    }
    if (expires != null && (revoke != null || show != null || expires.toSeconds() < 1)) {
      throw usage("--expires is for credentials that are issued, and 1s or more");
    }
    Stream.of(newUser, renew, revoke)
        .filter(name -> name != null && !name.matches("[\\w-]+"))
        .forEach(
            name -> {
              throw usage("A user's name is made of letters, digits, - and _: not '" + name + "'");
            });
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** The folder of the kit. */
  Path kit() throws Failure {
    return out == null ? Checkout.folder("02-creds-auth", "creds") : out;
  }
}
