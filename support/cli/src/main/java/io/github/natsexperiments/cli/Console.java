package io.github.natsexperiments.cli;

import io.nats.client.Message;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsJetStreamMetaData;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;

/**
 * Where a program speaks. Messages and acks go to standard output, one line each, always in UTF-8,
 * so that they can be piped. Everything else goes to standard error through SLF4J.
 */
public final class Console {
  private static final String ACK_SUBJECT = "$JS.ACK.";

  private final OutputStream out = new FileOutputStream(FileDescriptor.out);
  private final boolean quiet;
  private final Stop stop;
  private volatile boolean broken;
  private boolean ackSubjectShown;

  Console(boolean quiet, Stop stop) {
    this.quiet = quiet;
    this.stop = stop;
  }

  /** Makes standard error UTF-8 whatever the locale, see {@link Terminal#standardError}. */
  static void install() {
    System.setErr(
        new PrintStream(
            Terminal.standardError(
                new FileOutputStream(FileDescriptor.err), Terminal.hasColours(Terminal.ERR)),
            true,
            StandardCharsets.UTF_8));
  }

  /** Whether the lines of messages and acks are left out. */
  public boolean quiet() {
    return quiet;
  }

  /**
   * Prints the line of a received message, unless quiet.
   *
   * @param headers whether its headers are on the line
   * @return false when it could not be written: nobody reads it here
   */
  public boolean received(Message message, boolean headers) {
    if (!quiet) {
      line(
          "Received a message from subject \""
              + Payloads.show(message.getSubject())
              + "\" (reply = \""
              + reply(message.getReplyTo())
              + "\""
              + (headers ? show(message.getHeaders()) : "")
              + "): "
              + Payloads.show(message.getData()));
    }
    return !broken;
  }

  /** {@code , headers = "A: 1, B: 2"}; empty when there are none. */
  static String show(Headers headers) {
    if (headers == null || headers.isEmpty()) {
      return "";
    }
    StringJoiner all = new StringJoiner(", ", ", headers = \"", "\"");
    headers.forEach((name, values) -> values.forEach(value -> all.add(name + ": " + value)));
    return all.toString();
  }

  /** Where a JetStream ack goes is shown once: the line of the ack says the same in words. */
  private String reply(String subject) {
    boolean ack = subject != null && subject.startsWith(ACK_SUBJECT);
    boolean again = ack && ackSubjectShown && !Log.LOG.isDebugEnabled();
    ackSubjectShown |= ack;
    return subject == null ? "" : again ? ACK_SUBJECT + '…' : subject;
  }

  /** Prints the line of a published message, unless quiet. */
  public void published(String subject, byte[] payload) {
    if (!quiet) {
      line("Published a message to subject \"" + subject + "\": " + Payloads.show(payload));
    }
  }

  /**
   * Prints the line of an acknowledgement, unless quiet.
   *
   * @param more what else there is to say, as {@code name = "value"}; may be empty
   */
  public void acked(String stream, long sequence, String more) {
    if (!quiet) {
      line(
          "Ack: stream = \""
              + stream
              + "\", sequence = \""
              + sequence
              + "\""
              + (more.isEmpty() ? "" : ", " + more));
    }
  }

  /** Prints the line of a message that a consumer has acknowledged, unless quiet. */
  public void acked(Message message) {
    if (!quiet) {
      NatsJetStreamMetaData about = message.metaData();
      acked(
          about.getStream(),
          about.streamSequence(),
          "delivered = \"%d\", pending = \"%d\""
              .formatted(about.deliveredCount(), about.pendingCount()));
    }
  }

  /** Prints the line of a write that a bucket has stored, unless quiet. */
  public void stored(String bucket, String key, long revision) {
    stored(bucket, key, revision, "");
  }

  /**
   * Prints the line of a write that a bucket has stored, unless quiet.
   *
   * @param more what else there is to say, as {@code name = "value"}; may be empty
   */
  public void stored(String bucket, String key, long revision, String more) {
    if (!quiet) {
      line(
          "Ack: bucket = \""
              + bucket
              + "\", key = \""
              + key
              + "\", revision = \""
              + revision
              + (more.isEmpty() ? "\"" : "\", " + more));
    }
  }

  /**
   * Prints the line of a bucket's entry, unless quiet.
   *
   * @param operation what was done to the key, {@code PUT} for example
   * @param more what else there is to say, as {@code name = "value"}; may be empty
   * @param value null when the operation leaves none
   */
  public void entry(String operation, String key, long revision, String more, byte[] value) {
    if (!quiet) {
      line(
          operation
              + " key \""
              + key
              + "\" (revision = \""
              + revision
              + "\""
              + (more.isEmpty() ? ")" : ", " + more + ")")
              + (value == null ? "" : ": " + Payloads.show(value)));
    }
  }

  /** Prints a line, unless quiet. */
  public void print(String text) {
    if (!quiet) {
      line(text);
    }
  }

  /**
   * Writes one line, whole and at once. When the reader of our output has gone, the run is asked to
   * end and the line is dropped; any other error, such as a full disk, is a failure of the run.
   */
  private synchronized void line(String text) {
    if (broken) {
      return;
    }
    try {
      // Subjects, keys and headers are other people's texts, too.
      out.write((Payloads.show(text) + System.lineSeparator()).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      broken = true;
      outputFailed(e, stop);
    }
  }

  /**
   * Ends a run that cannot write to standard output: with a failure, unless the reader has gone.
   *
   * @param e what came of writing
   */
  public static void outputFailed(IOException e, Stop stop) {
    if (Terminal.isClosedPipe(Terminal.OUT, e)) {
      Log.LOG.debug("standard output is closed", e);
      stop.ask(Stop.Reason.OUTPUT_CLOSED);
    } else {
      stop.fail(cannotWrite(e.getMessage(), e));
    }
  }

  static Failure cannotWrite(String why, IOException e) {
    return new Failure(ExitCode.FAILED, "Cannot write to standard output: " + why, e);
  }

  /** Logs on standard error. */
  public void info(String message) {
    Log.LOG.info(message);
  }

  /** Logs on standard error what the reader should not overlook. */
  public void warn(String message) {
    Log.LOG.warn(message);
  }
}
