package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.Numbers;
import io.nats.client.Connection;
import io.nats.client.MessageTtl;
import io.nats.client.api.KeyValueEntry;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The bucket and the key that the publisher writes to, and how. */
final class TokenBucketOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--bucket",
      paramLabel = "NAME",
      converter = KvNames.Bucket.class,
      description = "Bucket to write to; created when there is none. Default: ${DEFAULT-VALUE}.")
  private String name = "sample_kv";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      converter = KvNames.Key.class,
      description = "Key to write to. Default: ${DEFAULT-VALUE}.")
  private String key = "key";

  private boolean increment;
  private boolean atServer;
  private int replicas = 1;
  private Duration ttl;

  @Option(
      names = "--increment",
      paramLabel = "server",
      arity = "0..1",
      description =
          "Add 1 to the number in the key, at every message; others may do the same. With"
              + " \"server\" the server adds; needs nats-server 2.12 or newer.")
  private void setIncrement(String where) {
    if (!where.isEmpty() && !where.equals("server")) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value '" + where + "' for --increment: only server");
    }
    increment = true;
    atServer = !where.isEmpty();
  }

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "New bucket: how many servers of a cluster keep it, 1 to 5. Default: 1.")
  private void setReplicas(int value) {
    replicas = (int) Numbers.upTo(5, spec, "--replicas", value);
  }

  @Option(
      names = "--ttl",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "The value expires after D, whole seconds; needs nats-server 2.11 or newer.")
  private void setTtl(Duration duration) {
    if (duration.toSeconds() < 1 || duration.getNano() != 0) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for --ttl: it must be whole seconds, 1s or more");
    }
    ttl = Duration.ofSeconds(Math.min(Integer.MAX_VALUE, duration.toSeconds()));
  }

  String name() {
    return name;
  }

  String key() {
    return key;
  }

  boolean increment() {
    return increment;
  }

  /** Whether the server adds, and not the publisher. */
  boolean atServer() {
    return atServer;
  }

  /** How long each value lives; null for ever. */
  MessageTtl ttl() {
    return ttl == null ? null : MessageTtl.seconds((int) ttl.toSeconds());
  }

  /** Checks what picocli cannot. */
  void check() {
    if (atServer && ttl != null) {
      throw new ParameterException(
          spec.commandLine(), "--increment server counts for ever: leave out --ttl");
    }
  }

  /** One more than the number that a key holds; 1 when it has no value. */
  long oneMoreThan(KeyValueEntry entry) throws Failure {
    try {
      return entry == null ? 1 : Math.incrementExact(Long.parseLong(entry.getValueAsString()));
    } catch (NumberFormatException | ArithmeticException e) {
      String holds = e instanceof ArithmeticException ? "the largest number" : "no number";
      String why = "Key \"%s\" holds %s: name another one, such as --key counter";
      throw new Failure(ExitCode.FAILED, why.formatted(key, holds), e);
    }
  }

  /** See {@link TokenBucket#open}. */
  void open(Connection connection, Console console)
      throws Failure, IOException, InterruptedException {
    new TokenBucket(name, replicas, ttl, increment, atServer).open(connection, console);
  }
}
