package io.github.natsexperiments.cli;

import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How long a subscriber stays. */
public final class SubscriberOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private long count = Long.MAX_VALUE;

  @Option(
      names = {"-t", "--timeout"},
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "Give up, with exit code 5, when nothing came for that long: 5s, 500ms.")
  private Duration timeout;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      description = "Stop after N messages. Default: run until Ctrl-C.")
  private void setCount(long value) {
    count = Numbers.positive(spec, "--count", value);
  }

  /** Messages to wait for; {@link Long#MAX_VALUE} without {@code --count}. */
  public long count() {
    return count;
  }

  /** How long to wait for the next message; null for ever. */
  public Duration timeout() {
    return timeout;
  }
}
