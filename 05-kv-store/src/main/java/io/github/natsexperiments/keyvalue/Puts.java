package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.PayloadSource;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** What the publisher puts, one value after the other. */
final class Puts {
  private final PayloadSource payloads;
  private final List<String> keys;
  private long puts;

  /** A value on its way to a key. */
  record Put(String key, byte[] value) {}

  /**
   * @param keys take turns; null when each line of standard input names its own
   */
  Puts(PayloadSource payloads, List<String> keys) {
    this.payloads = payloads;
    this.keys = keys;
  }

  /**
   * Waits for the next one; null when there is none, or the run ends.
   *
   * @throws Failure exit code 1 when a line is not {@code KEY=VALUE}
   */
  Put next() throws Failure, InterruptedException {
    byte[] payload = payloads.next();
    if (payload == null) {
      return null;
    }
    long number = puts++;
    return keys == null
        ? fromLine(number, payload)
        : new Put(keys.get((int) (number % keys.size())), payload);
  }

  private static Put fromLine(long number, byte[] line) throws Failure {
    int equals = 0;
    while (equals < line.length && line[equals] != '=') {
      equals++;
    }
    String key = new String(line, 0, equals, StandardCharsets.UTF_8);
    if (equals == line.length || !KvNames.isKey(key)) {
      String wrong = "Line %d of standard input is not KEY=VALUE, with a key of at most %d bytes";
      throw new Failure(ExitCode.FAILED, wrong.formatted(number + 1, KvNames.LONGEST_KEY));
    }
    return new Put(key, Arrays.copyOfRange(line, equals + 1, line.length));
  }
}
