package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Puts a prefix before every line, and passes on whole lines only: several of these can share one
 * stream, and no line is ever torn.
 */
final class Prefixed extends OutputStream {
  static final OutputStream STDOUT = new FileOutputStream(FileDescriptor.out);
  static final OutputStream STDERR = new FileOutputStream(FileDescriptor.err);

  private static final boolean COLOUR_OUT = Terminal.hasColours(1);
  private static final boolean COLOUR_ERR = Terminal.hasColours(2);

  private final byte[] prefix;
  private final OutputStream out;
  private final Consumer<String> listener;
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private boolean lineBegins = true;

  /**
   * @param out where the lines go; one writes to it at a time
   */
  Prefixed(String prefix, OutputStream out) {
    this(prefix, out, lines -> {});
  }

  /**
   * @param listener is given the lines, too
   */
  Prefixed(String prefix, OutputStream out, Consumer<String> listener) {
    boolean colour = out == STDOUT && COLOUR_OUT || out == STDERR && COLOUR_ERR;
    // "pub | ": the word in colour, so that a glance distinguishes the two programs.
    String shown = colour ? "\u001b[36m" + prefix.replaceFirst(" ", "\u001b[0m ") : prefix;
    this.prefix = shown.getBytes(StandardCharsets.UTF_8);
    this.out = out;
    this.listener = listener;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    int whole = 0;
    for (int i = offset; i < offset + length; i++) {
      if (lineBegins) {
        pending.writeBytes(prefix);
      }
      pending.write(bytes[i]);
      lineBegins = bytes[i] == '\n';
      if (lineBegins) {
        whole = pending.size();
      }
    }
    if (whole > 0) {
      byte[] lines = pending.toByteArray();
      pending.reset();
      pending.write(lines, whole, lines.length - whole);
      synchronized (out) {
        out.write(lines, 0, whole);
      }
      listener.accept(new String(lines, 0, whole, StandardCharsets.UTF_8));
    }
  }

  /** Ends a last line that did not end itself. What is below stays open. */
  @Override
  public void close() throws IOException {
    if (!lineBegins) {
      write('\n');
    }
  }
}
