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
 * stream, and no line is ever torn. On a terminal the prefix and the words WARN and ERROR are
 * coloured, which the programs, in front of a pipe, do not do themselves.
 */
final class Prefixed extends OutputStream {
  static final OutputStream STDOUT = new FileOutputStream(FileDescriptor.out);
  static final OutputStream STDERR = new FileOutputStream(FileDescriptor.err);

  private static final boolean COLOUR_OUT = Terminal.hasColours(1);
  private static final boolean COLOUR_ERR = Terminal.hasColours(2);

  private final String prefix;
  private final boolean colour;
  private final OutputStream out;
  private final Consumer<String> listener;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

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
    this(prefix, out, listener, out == STDOUT && COLOUR_OUT || out == STDERR && COLOUR_ERR);
  }

  Prefixed(String prefix, OutputStream out, Consumer<String> listener, boolean colour) {
    // "pub | ": the word in colour, so that a glance distinguishes the two programs.
    this.prefix = colour ? "\u001b[36m" + prefix.replaceFirst(" ", "\u001b[0m ") : prefix;
    this.colour = colour;
    this.out = out;
    this.listener = listener;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    for (int i = offset; i < offset + length; i++) {
      line.write(bytes[i]);
      if (bytes[i] == '\n') {
        // In Latin-1 every byte stays what it is, also what is no UTF-8.
        String text = line.toString(StandardCharsets.ISO_8859_1);
        line.reset();
        whole.writeBytes(prefix.getBytes(StandardCharsets.UTF_8));
        whole.writeBytes(
            (colour ? Terminal.coloured(text) : text).getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    if (whole.size() > 0) {
      synchronized (out) {
        whole.writeTo(out);
      }
      listener.accept(whole.toString(StandardCharsets.UTF_8));
    }
  }

  /** Ends a last line that did not end itself. What is below stays open. */
  @Override
  public void close() throws IOException {
    if (line.size() > 0) {
      write('\n');
    }
  }
}
