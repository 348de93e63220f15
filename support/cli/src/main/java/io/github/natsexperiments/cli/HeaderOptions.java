package io.github.natsexperiments.cli;

import io.nats.client.impl.Headers;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Headers of messages on the command line and on the screen. A mixin of its own, because a bucket's
 * entries have none.
 *
 * @see <a href="https://docs.nats.io/learn/core-nats/headers">NATS documentation: messages and
 *     their headers</a>
 */
public final class HeaderOptions {
  private static final Pattern BLANKS = Pattern.compile("^[ \\t]+|[ \\t]+$");

  private HeaderOptions() {}

  /** {@code , headers = "A: 1, B: 2"}; empty when there are none. */
  static String show(Headers headers) {
    if (headers == null || headers.isEmpty()) {
      return "";
    }
    StringJoiner all = new StringJoiner(", ", ", headers = \"", "\"");
    headers.forEach((name, values) -> values.forEach(value -> all.add(name + ": " + value)));
    return Payloads.show(all.toString());
  }

  /** The headers that a publisher sends with every message. */
  public static final class ForPublishing {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

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

    /** What to publish with; null when there are none. */
    public Headers all() {
      return headers;
    }
  }

  /** Whether a subscriber prints headers. */
  public static final class ForSubscribing {
    @Option(names = "--headers", description = "Print the headers of each message, too.")
    private boolean shown;

    /** For {@link Console#received(io.nats.client.Message, boolean)}. */
    public boolean shown() {
      return shown;
    }
  }
}
