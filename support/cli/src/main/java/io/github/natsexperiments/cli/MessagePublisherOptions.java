package io.github.natsexperiments.cli;

import io.nats.client.Connection;
import io.nats.client.impl.Headers;
import java.util.regex.Pattern;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The options of a program that publishes messages to a subject; each lesson adds its own.
 *
 * @see <a href="https://docs.nats.io/learn/core-nats/headers">NATS documentation: messages and
 *     their headers</a>
 */
public abstract class MessagePublisherOptions {
  private static final Pattern BLANKS = Pattern.compile("^[ \\t]+|[ \\t]+$");

  /** The command that these options belong to, for error messages. */
  @Spec(Spec.Target.MIXEE)
  protected CommandSpec spec;

  @Mixin private CommonOptions common;
  @Mixin private PublisherOptions publisher;

  @Option(
      names = "--subject",
      paramLabel = "SUBJECT",
      converter = Subjects.ForPublishing.class,
      description = "Subject to publish to. Default: ${DEFAULT-VALUE}.")
  private String subject = "foo";

  private Headers headers;

  @Option(
      names = {"-H", "--header"},
      paramLabel = "NAME:VALUE",
      description = "Send this header with each message; may be repeated.")
  private void setHeaders(String[] pairs) {
    headers = new Headers();
    for (String pair : pairs) {
      int colon = pair.indexOf(':');
      try {
        if (colon < 1) {
          throw new IllegalArgumentException("write NAME:VALUE");
        }
        // Blanks around the value are left out, as the server's own tools do.
        headers.add(
            pair.substring(0, colon), BLANKS.matcher(pair.substring(colon + 1)).replaceAll(""));
      } catch (IllegalArgumentException e) {
        throw new ParameterException(
            spec.commandLine(),
            "Invalid value for --header"
                + (colon < 1 ? "" : " (" + Payloads.show(pair.substring(0, colon)) + ")")
                + ": "
                + Payloads.show(e.getMessage()));
      }
    }
  }

  /** Starts the run. */
  public Run run() {
    return common.run("Published", publisher.count(), false);
  }

  /** See {@link CommonOptions#servers()}. */
  public String[] servers() {
    return common.servers();
  }

  /** What to publish, one payload after the other. */
  public PayloadSource payloads(Run run, Connection connection) {
    return payloads(run, connection, 0);
  }

  /** The same from a number on; those before it are skipped. */
  public PayloadSource payloads(Run run, Connection connection, long first) {
    return publisher.payloads(run.stop(), connection.getMaxPayload(), first);
  }

  /** Where to publish it. */
  public String subject() {
    return subject;
  }

  /** What to publish it with; null when there are none. */
  public Headers headers() {
    return headers;
  }
}
