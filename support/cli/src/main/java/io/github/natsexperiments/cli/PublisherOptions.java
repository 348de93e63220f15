package io.github.natsexperiments.cli;

import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * How many messages a publisher sends, how fast, and what is in them. A lesson with a text of its
 * own gives it to the constructor: {@code @Mixin private PublisherOptions publisher = new …}.
 */
public final class PublisherOptions {
  private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);
  private static final String DEFAULT_MESSAGE = "Hello #{n} from NATS publisher";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private final String defaultMessage;
  private long count = Long.MAX_VALUE;
  private int size;

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "Pace: 1s, 250ms, 0 for as fast as it can. Default: 1s; 0 with --stdin.")
  private Duration interval;

  @Option(
      names = {"-m", "--message"},
      paramLabel = "TEXT",
      description = "Payload; {n} is the counter, from 0. Default: ${DEFAULT-VALUE}.")
  private String message;

  @Option(names = "--stdin", description = "Publish each line of standard input instead.")
  private boolean stdin;

  /** With the text of the lessons 01 to 04. */
  public PublisherOptions() {
    this(DEFAULT_MESSAGE);
  }

  /**
   * @param defaultMessage the text without {@code --message}; {@code {n}} is the counter
   */
  public PublisherOptions(String defaultMessage) {
    this.defaultMessage = defaultMessage;
    this.message = defaultMessage;
  }

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      description = "Stop after N messages. Default: run until Ctrl-C.")
  private void setCount(long value) {
    count = Numbers.positive(spec, "--count", value);
  }

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      description = "Pad the payload with dots to BYTES; a longer text stays whole.")
  private void setSize(int value) {
    size = (int) Numbers.positive(spec, "--size", value);
  }

  /** Messages to send; {@link Long#MAX_VALUE} without {@code --count}. */
  public long count() {
    return count;
  }

  /** Whether the payloads are the lines of standard input. */
  public boolean stdin() {
    return stdin;
  }

  /**
   * Checks what picocli cannot: before anything is created for the payloads.
   *
   * @throws ParameterException when the options contradict each other
   */
  public void check() {
    if (stdin) {
      refuseText("--stdin takes the payload from the input");
    }
  }

  /**
   * Refuses a text for the payload.
   *
   * @param why there is none; begins the message
   * @throws ParameterException when there is a text, or a size for it
   */
  public void refuseText(String why) {
    if (message != defaultMessage || size > 0) {
      throw new ParameterException(spec.commandLine(), why + ": leave out --message and --size");
    }
  }

  /**
   * The payloads of this run.
   *
   * @param stop ends the run
   * @param maxPayload the longest payload, in bytes, that the server takes
   * @throws ParameterException when the options contradict each other
   */
  public PayloadSource payloads(Stop stop, long maxPayload) {
    return payloads(stop, maxPayload, 0);
  }

  /**
   * The payloads of a run that goes on where another one ended.
   *
   * @param stop ends the run
   * @param maxPayload the longest payload, in bytes, that the server takes
   * @param first the number of the first payload; those before it are skipped, and {@code --count}
   *     counts them
   * @throws ParameterException when the options contradict each other
   */
  public PayloadSource payloads(Stop stop, long maxPayload, long first) {
    check();
    if (stdin) {
      Pace pace = new Pace(interval == null ? Duration.ZERO : interval, stop);
      return new PayloadSource(count, pace, stop, Terminal.standardInput(), maxPayload).from(first);
    }
    // One byte more than fits shows that it does not, and needs no memory for the rest.
    int enough = (int) Math.min(size, maxPayload + 1);
    return new PayloadSource(
            count,
            new Pace(interval == null ? DEFAULT_INTERVAL : interval, stop),
            stop,
            new MessageTemplate(message, enough))
        .from(first);
  }
}
