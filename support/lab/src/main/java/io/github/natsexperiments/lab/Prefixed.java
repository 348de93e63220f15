package io.github.natsexperiments.lab;

import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Puts a prefix before every line, and passes on whole lines only: several of these can share one
 * stream, and no line is ever torn.
 */
final class Prefixed extends OutputStream {
  static final OutputStream STDOUT = new FileOutputStream(FileDescriptor.out);
  static final OutputStream STDERR = new FileOutputStream(FileDescriptor.err);

  private static final boolean COLOUR_OUT = hasColours(1);
  private static final boolean COLOUR_ERR = hasColours(2);

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
    // "pub | ": the word in colour, so that the two programs can be told apart at a glance.
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

  /** Whether that descriptor leads to a terminal, and nobody has asked for NO_COLOR. */
  private static boolean hasColours(int descriptor) {
    String no = System.getenv("NO_COLOR");
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return (no == null || no.isEmpty()) && target.matches("/dev/(pts/|tty).*");
    } catch (IOException | UnsupportedOperationException e) {
      return false; // not Linux: nobody says which of the two streams is one
    }
  }
}
