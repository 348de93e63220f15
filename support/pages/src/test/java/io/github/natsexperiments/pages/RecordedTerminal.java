package io.github.natsexperiments.pages;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A terminal that remembers what was typed and shown in it, and when. */
final class RecordedTerminal implements AutoCloseable {

  /**
   * What appeared.
   *
   * @param nanos when, see {@link System#nanoTime()}
   * @param typed by the reader, not shown by a program
   */
  record Line(long nanos, String text, boolean typed) {}

  private static final int LIMIT_SECONDS = 60;

  private final String title;
  private final Path folder;
  private final List<Line> lines = new ArrayList<>();
  private Process process;
  private Thread reader;

  /**
   * @param title what stands above it
   * @param folder where its commands are typed
   */
  RecordedTerminal(String title, Path folder) {
    this.title = title;
    this.folder = folder;
  }

  String title() {
    return title;
  }

  /** Types a command, and goes on when it shows a line with these words. */
  void type(String command, String words) throws IOException, InterruptedException {
    int from = add("$ " + command, true);
    // A group of its own, so that Ctrl-C reaches all of it.
    process =
        new ProcessBuilder("setsid", "sh", "-c", "exec " + command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    reader = new Thread(this::read);
    reader.start();
    waitFor(from, words);
  }

  /** Goes on when it shows a line with these words, after all that it shows now. */
  void waitFor(String words) throws InterruptedException {
    waitFor(size(), words);
  }

  private void waitFor(int from, String words) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (lines().stream().skip(from).noneMatch(line -> line.text.contains(words))) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(title + " does not show \"" + words + "\": " + lines());
      }
      Thread.sleep(10);
    }
  }

  /** Presses Ctrl-C, and goes on when the program has ended. */
  void ctrlC() throws IOException, InterruptedException {
    add("^C", true);
    new ProcessBuilder("kill", "-INT", "--", "-" + process.pid()).start().waitFor();
    waitForEnd();
  }

  /** Goes on when the program has ended. */
  void waitForEnd() throws InterruptedException {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException(title + " still runs: " + lines());
    }
    reader.join();
  }

  private void read() {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line; (line = in.readLine()) != null; ) {
        add(line, false);
      }
    } catch (IOException e) {
      add(e.toString(), false);
    }
  }

  /** All lines up to now. */
  synchronized List<Line> lines() {
    return List.copyOf(lines);
  }

  private synchronized int size() {
    return lines.size();
  }

  private synchronized int add(String text, boolean typed) {
    String shown = text.replace(folder.toString(), "~/nats-experiments");
    lines.add(new Line(System.nanoTime(), shown, typed));
    return lines.size();
  }

  /** Stops what still runs. */
  @Override
  public void close() throws IOException, InterruptedException {
    if (process != null && process.isAlive()) {
      ctrlC();
    }
  }
}
