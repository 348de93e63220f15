package io.github.natsexperiments.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** What a program writes to: a terminal, its width, its colours; or a file, or a pipe. */
public final class Terminal {
  private static final int IN = 0;
  static final int OUT = 1;
  static final int ERR = 2;

  private static final int USUAL_WIDTH = 80;
  private static final String CLEAR_LINE = "\r\u001b[K";

  /** Whether a progress bar is on the screen, which a line must wipe first. */
  private static volatile boolean bar;

  private Terminal() {}

  /**
   * Whether one of the standard streams is a terminal.
   *
   * @param descriptor 1 for standard output, 2 for standard error
   */
  public static boolean is(int descriptor) {
    String target = target(descriptor);
    // Not Linux: the JDK only knows about input and output together, which is nearly always right.
    return target == null
        ? System.console() != null
        : target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
  }

  /** Whether the reader of a pipe has gone, as {@code head -1} does; any other error is one. */
  static boolean isClosedPipe(int descriptor, IOException e) {
    String target = target(descriptor);
    return target == null
        ? String.valueOf(e.getMessage())
            .contains("pipe") // "Broken pipe", "The pipe is being closed"
        : target.startsWith("pipe:") || target.startsWith("socket:");
  }

  /**
   * Standard input. Where it is closed, the first file that the JVM opens for itself gets the
   * descriptor, and its bytes are no input.
   */
  static InputStream standardInput() {
    InputStream closed = InputStream.nullInputStream();
    try (closed) {
      String target = target(IN);
      Path jdk = Path.of(System.getProperty("java.home")).toRealPath();
      return target != null && Path.of(target).startsWith(jdk) ? closed : System.in;
    } catch (IOException e) {
      return System.in;
    }
  }

  /** What a descriptor leads to; null where the system does not say. */
  private static String target(int descriptor) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd", Integer.toString(descriptor)))
          .toString();
    } catch (IOException | UnsupportedOperationException e) {
      return null;
    }
  }

  /** Whether to colour what is written there: on a terminal, and not where {@code NO_COLOR} is. */
  public static boolean hasColours(int descriptor) {
    String noColor = System.getenv("NO_COLOR");
    return (noColor == null || noColor.isEmpty())
        && !"dumb".equals(System.getenv("TERM"))
        && is(descriptor);
  }

  /** Columns of the terminal; 80 where there is none. Shells keep {@code COLUMNS} to themselves. */
  static int width() {
    String columns = System.getenv("COLUMNS");
    if (columns == null && (is(OUT) || is(ERR))) {
      columns = sizeOfTty();
    }
    return columns != null && columns.matches("[1-9]\\d{1,3}")
        ? Integer.parseInt(columns)
        : USUAL_WIDTH;
  }

  private static String sizeOfTty() {
    try {
      Process stty = new ProcessBuilder("sh", "-c", "stty size </dev/tty 2>/dev/null").start();
      if (!stty.waitFor(1, TimeUnit.SECONDS)) {
        stty.destroyForcibly();
        return null;
      }
      String size = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      return size.strip().replaceFirst(".* ", ""); // rows, then columns
    } catch (IOException e) {
      return null; // Windows
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /** Ends the line of standard error, of which a prefix may be the beginning for System.err. */
  static void newLine() {
    try {
      new FileOutputStream(FileDescriptor.err).write('\n');
    } catch (IOException e) {
      // nobody sees it
    }
  }

  static void barShown(boolean shown) {
    bar = shown;
    if (!shown) {
      System.err.print(CLEAR_LINE);
    }
  }

  /**
   * Standard error as the programs want it: a line wipes a progress bar instead of being written
   * behind it, the words WARN and ERROR are coloured, and no URL shows its secret, not even in a
   * stack trace of jnats.
   */
  static OutputStream standardError(OutputStream stream, boolean colours) {
    return new FilterOutputStream(stream) {
      private boolean lineBegins = true;

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        String text = new String(bytes, offset, length, StandardCharsets.UTF_8);
        boolean wipe = bar && lineBegins;
        if (lineBegins && colours) {
          text = coloured(text);
        }
        lineBegins = text.endsWith("\n");
        text = ServerUrls.withoutSecretsInUrls(text);
        out.write((wipe ? CLEAR_LINE + text : text).getBytes(StandardCharsets.UTF_8));
      }
    };
  }

  /** A line whose first word is in colour when it is WARN or ERROR. */
  public static String coloured(String line) {
    String colour = line.startsWith("E") ? "31" : "33";
    return line.replaceFirst("^(ERROR|WARN)\\b", "\u001b[" + colour + "m$1\u001b[0m");
  }
}
