package io.github.natsexperiments.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A program of a lesson in a process of its own, its lines prefixed and passed on. */
final class Child implements AutoCloseable {
  /** A program drains in milliseconds; two that hang must not keep the lab longer than 15 s. */
  private static final Duration LONGEST_DRAIN = Duration.ofSeconds(5);

  private static final Duration LONGEST_OUTPUT = Duration.ofSeconds(1);

  /** What every subscriber says once no later message can be missed. */
  private static final String READY = "Waiting for";

  private final String name;
  private final Process process;
  private final List<Thread> pumps = new ArrayList<>();
  private volatile boolean ready;
  private volatile boolean stopped;

  /**
   * Starts a program and passes its lines on.
   *
   * @param input where its standard input comes from
   * @param cannotWrite is called when our standard output takes no more
   */
  Child(Call call, Redirect input, Consumer<IOException> cannotWrite) throws IOException {
    this(call, input);
    String prefix = name.substring(0, 3) + " | ";
    pump(process.getInputStream(), new Prefixed(prefix, Prefixed.STDOUT), cannotWrite);
    pump(process.getErrorStream(), new Prefixed(prefix, Prefixed.STDERR, this::listen), e -> {});
  }

  /** Starts a program of which the listeners get each line, in the thread that has read it. */
  Child(Call call, Consumer<String> stdout, Consumer<String> stderr) throws IOException {
    this(call, Redirect.PIPE);
    OutputStream nowhere = OutputStream.nullOutputStream();
    pump(
        process.getInputStream(),
        new Prefixed("", nowhere, text -> text.lines().forEach(stdout)),
        e -> {});
    Consumer<String> errors = text -> text.lines().forEach(stderr);
    pump(
        process.getErrorStream(), new Prefixed("", nowhere, errors.andThen(this::listen)), e -> {});
  }

  private Child(Call call, Redirect input) throws IOException {
    name = call.name();
    process = call.process().redirectInput(input).start();
    Watchdog.watch(process.pid(), "");
  }

  private void listen(String lines) {
    ready |= lines.contains(READY);
  }

  private void pump(InputStream in, Prefixed out, Consumer<IOException> cannotWrite) {
    Thread thread =
        new Thread(
            () -> {
              try (in) {
                try (out) {
                  in.transferTo(out);
                } catch (IOException e) {
                  cannotWrite.accept(e);
                  in.transferTo(OutputStream.nullOutputStream()); // never waits for a reader
                }
              } catch (IOException e) {
                // It has ended.
              }
            });
    thread.setDaemon(true);
    thread.start();
    pumps.add(thread);
  }

  /** The name it was given. */
  String name() {
    return name;
  }

  /** Whether the program waits for messages. */
  boolean isReady() {
    return ready;
  }

  /** Whether the program has ended and all it said has been passed on. */
  boolean hasEnded() {
    return !process.isAlive() && pumps.stream().noneMatch(Thread::isAlive);
  }

  /** Whether the program has ended in a way that leaves nothing to do for the other one. */
  boolean hasFailed() {
    return hasEnded() && exitCode() != 0;
  }

  /** The exit code of a program that has ended. */
  int exitCode() {
    return process.exitValue();
  }

  /** Whether {@link #close()} came before the program's own end. */
  boolean wasStopped() {
    return stopped;
  }

  /**
   * Asks the program to drain and end, and waits for that. On Windows nobody can ask: there Ctrl-C
   * reaches the program, and a program that does not end by it is ended.
   */
  @Override
  public void close() throws InterruptedException {
    stopped = process.isAlive();
    if (process.supportsNormalTermination()) {
      process.toHandle().destroy(); // Process.destroy() would also close its output, unread
    }
    if (!process.waitFor(LONGEST_DRAIN.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly().waitFor();
    }
    for (Thread pump : pumps) {
      pump.join(LONGEST_OUTPUT.toMillis());
    }
  }
}
