package io.github.natsexperiments.testkit;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What a program wrote to one of its streams, in a file that may still grow.
 *
 * @param name {@code stdout} or {@code stderr}
 * @param file where the stream goes
 */
record Output(String name, Path file) {

  private static final int SHOWN_HEAD = 40;
  private static final int SHOWN_TAIL = 40;
  private static final int SHOWN_WIDTH = 500;

  byte[] bytes() {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> lines() {
    return new String(bytes(), StandardCharsets.UTF_8).lines().toList();
  }

  /** The first and the last lines, so that a million of them do not drown the failure. */
  String excerpt() {
    StringBuilder text = new StringBuilder();
    Deque<String> tail = new ArrayDeque<>();
    int count = 0;
    // Not Files.newBufferedReader: that one throws on bytes that are not UTF-8.
    try (var lines =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
      for (String line; (line = lines.readLine()) != null; count++) {
        String shown =
            "  | "
                + (line.length() > SHOWN_WIDTH ? line.substring(0, SHOWN_WIDTH) + " …" : line)
                + "\n";
        if (count < SHOWN_HEAD) {
          text.append(shown);
        } else {
          tail.add(shown);
          if (tail.size() > SHOWN_TAIL) {
            tail.remove();
          }
        }
      }
    } catch (IOException e) {
      text.append("  cannot be read: ").append(e).append('\n');
    }
    int left = count - SHOWN_HEAD - tail.size();
    return " %s, %d %s%n".formatted(name, count, count == 1 ? "line" : "lines")
        + text
        + (left > 0 ? "  … %d more lines …%n".formatted(left) : "")
        + tail.stream().collect(Collectors.joining());
  }

  /** Looks at the lines from the first one on, and on each further call at what came since. */
  Search search() {
    return new Search();
  }

  final class Search implements AutoCloseable {

    private final InputStream in;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private int complete;

    private Search() {
      try {
        in = Files.newInputStream(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** The first new line that is wanted; a line without its end counts too: a prompt has none. */
    Optional<String> next(Predicate<String> wanted) throws IOException {
      byte[] chunk = new byte[1 << 16];
      for (int length; (length = in.read(chunk)) > 0; ) {
        int from = 0;
        for (int i = 0; i < length; i++) {
          if (chunk[i] == '\n') {
            line.write(chunk, from, i - from);
            from = i + 1;
            String text = text();
            line.reset();
            if (wanted.test(text)) {
              return Optional.of(text);
            }
          }
        }
        line.write(chunk, from, length - from);
      }
      return line.size() == 0 ? Optional.empty() : Optional.of(text()).filter(wanted);
    }

    /** How many lines are complete; reads only what came since the last call. */
    int count() throws IOException {
      byte[] chunk = new byte[1 << 16];
      for (int length; (length = in.read(chunk)) > 0; ) {
        for (int i = 0; i < length; i++) {
          complete += chunk[i] == '\n' ? 1 : 0;
        }
      }
      return complete;
    }

    private String text() {
      String text = line.toString(StandardCharsets.UTF_8);
      return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
