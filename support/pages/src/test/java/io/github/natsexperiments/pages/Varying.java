package io.github.natsexperiments.pages;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What differs from run to run or from machine to machine, and is made equal on both sides before
 * an output is compared with its page. Nothing else may differ: not a sequence, not a count.
 */
final class Varying {

  private record Rule(Pattern pattern, String same) {
    Rule(String pattern, String same) {
      this(Pattern.compile(pattern), same);
    }
  }

  private static final List<Rule> RULES =
      List.of(
          // Free ports: the pages show 4222, which another server may have here.
          new Rule("\\b(localhost|127\\.0\\.0\\.1):\\d+", "$1:PORT"),
          // The server of this machine, and where it was found.
          new Rule("nats-server \\d+\\.\\d+\\.\\d+\\S*?(?=,| |$)", "nats-server VERSION"),
          new Rule("from (NATS_SERVER_PATH|the PATH|the cache)", "from SOMEWHERE"),
          // How long a run took, and what follows from it; the messages and bytes before it count.
          new Rule("in \\d+\\.\\d{3} s( \\(\\d+ messages/s\\))?", "in TIME"),
          new Rule("after \\d+ ms", "after TIME"),
          new Rule("age = \"\\d+\\.\\d{3} s\"", "age = TIME"),
          // When something happened, or will.
          new Rule("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ( \\(\\d+ s ago\\))?", "DATE"),
          new Rule("\\b\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\b", "TIME"),
          // The ack subject of a JetStream message holds the nanosecond at which it was stored.
          new Rule("(\\$JS\\.ACK\\.\\S+\\.)\\d{19}(\\.\\d+)", "$1TIME$2"),
          // A coming server has more in it: before the stream the domain and the account's hash,
          // and something random at the end.
          new Rule(
              "(\\$JS\\.ACK\\.)[^.]+\\.[^.]+\\.((?:[^.]+\\.){2}(?:\\d+\\.){3}TIME\\.\\d+)(?:\\.\\w+)?",
              "$1$2"),
          // Whether a connection that ends still knows its server is a race between jnats' threads.
          new Rule("(?<=exceptionOccurred)( nats://\\S+)?(?=: )", ""),
          // A message id: the name of the run, and a number.
          new Rule("(Nats-Msg-Id: )[0-9A-Za-z]{8}(-\\d+)", "$1RUN$2"),
          // A NUID: a run's id, an inbox.
          new Rule("\\b[0-9A-Za-z]{22}\\b", "NUID"));

  private Varying() {}

  /** The line with what varies made equal. */
  static String same(String line) {
    String same = line.stripTrailing();
    for (Rule rule : RULES) {
      same = rule.pattern().matcher(same).replaceAll(rule.same());
    }
    return same;
  }
}
