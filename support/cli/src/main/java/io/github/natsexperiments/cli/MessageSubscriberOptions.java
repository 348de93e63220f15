package io.github.natsexperiments.cli;

import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of a program that receives the messages of a subject; each lesson adds its own. */
public abstract class MessageSubscriberOptions {
  /** The command that these options belong to, for error messages. */
  @Spec(Spec.Target.MIXEE)
  protected CommandSpec spec;

  @Mixin private CommonOptions common;
  @Mixin private SubscriberOptions subscriber;

  @Option(names = "--headers", description = "Print the headers of each message, too.")
  private boolean headers;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForSubscribing.class,
      description = "Subject; * is any one token, > the whole rest. Default: ${DEFAULT-VALUE}.")
  private String subject;

  /**
   * @param subject the default
   */
  protected MessageSubscriberOptions(String subject) {
    this.subject = subject;
  }

  /** Starts the run. */
  public Run run() {
    return run(true);
  }

  /**
   * Starts a run.
   *
   * @param gaps whether gaps in the messages' numbers mean loss
   */
  protected Run run(boolean gaps) {
    return common.run("Received", subscriber.count(), gaps);
  }

  /** See {@link CommonOptions#servers()}. */
  public String[] servers() {
    return common.servers();
  }

  /** What to receive. */
  public String subject() {
    return subject;
  }

  /** Whether to print headers, for {@link Console#received}. */
  public boolean headers() {
    return headers;
  }

  /** Messages to wait for; {@link Long#MAX_VALUE} without {@code --count}. */
  public long count() {
    return subscriber.count();
  }

  /** How long to wait for the next message; null for ever. */
  public Duration timeout() {
    return subscriber.timeout();
  }

  /**
   * What to say when nothing came for that long.
   *
   * @param where such as {@code on "foo"}
   */
  protected String gaveUp(String where) {
    return "Gave up: no message %s for %d ms"
        .formatted(where, timeout() == null ? 0 : timeout().toMillis());
  }
}
