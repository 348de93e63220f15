package io.github.natsexperiments.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The end of a run, wherever it comes from: the count is reached, nothing came for too long, the
 * reader of our output has gone, or somebody pressed Ctrl-C.
 *
 * <p>A signal does not end the program in the middle of its work. It only asks: the program's own
 * thread leaves its loop, drains its connection and prints its last line; then the JVM goes on to
 * exit, with code 130 (SIGINT) or 143 (SIGTERM).
 */
public final class Stop implements AutoCloseable {
  /** A drain has its own, shorter bound; this one is for a program that hangs. */
  private static final Duration LONGEST_SHUTDOWN = Duration.ofSeconds(15);

  private static final Duration IDLE_CHECK = Duration.ofMillis(20);

  /** Why the run ends. */
  public enum Reason {
    /** What was asked for has been done. */
    DONE,
    /** Nothing came within {@code --timeout}. */
    TIMEOUT,
    /** Ctrl-C or SIGTERM. */
    SIGNAL,
    /** The reader of our standard output has closed it, as {@code | head -1} does. */
    OUTPUT_CLOSED,
    /** A listener heard what ends the run, see {@link #fail(Failure)}. */
    FAILED
  }

  private final CountDownLatch asked = new CountDownLatch(1);

  /** Open while no program runs: then a signal has nothing to wait for. */
  private static volatile CountDownLatch released = new CountDownLatch(0);

  /** Whether a signal ends the JVM as soon as the program is released. */
  private static volatile boolean signalled;

  /** Why the last run of this program failed; null when it has not, or in its own thread only. */
  private static volatile Failure lastFailure;

  private volatile Reason reason;
  private volatile Failure failure;
  private Thread interruptible;
  private boolean byFailureOnly;
  private Runnable wake = () -> {};

  private Stop() {}

  /** Starts listening for Ctrl-C (SIGINT) and SIGTERM. */
  public static Stop onSignals() {
    Stop stop = new Stop();
    Thread hook =
        new Thread(
            () -> {
              signalled = released.getCount() > 0;
              if (signalled && Terminal.is(Terminal.ERR)) {
                Terminal.newLine(); // it has written ^C where the next line begins
              }
              stop.ask(Reason.SIGNAL);
              try {
                released.await(LONGEST_SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "shutdown");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) { // the signal came before us
      stop.ask(Reason.SIGNAL);
    }
    return stop;
  }

  /** Asks the run to end; the first reason counts. */
  public void ask(Reason why) {
    Runnable first;
    synchronized (this) {
      if (reason == null) {
        reason = why;
      }
      if (interruptible != null && (!byFailureOnly || failure != null)) {
        interruptible.interrupt();
      }
      first = wake;
      wake = () -> {};
    }
    asked.countDown();
    first.run();
  }

  /**
   * Ends the run with a failure that is known in another thread than the program's own, such as
   * that of a listener; the first one counts. The program's thread throws it, see {@link
   * #throwFailure()}.
   */
  public void fail(Failure why) {
    synchronized (this) {
      if (failure == null) {
        failure = why;
        lastFailure = why;
      }
    }
    ask(Reason.FAILED);
  }

  /**
   * Ends a wait that this class knows nothing of, as soon as the run is asked to end; at once, if
   * it already is.
   *
   * @param wake called once, in any thread
   */
  public void whenAsked(Runnable wake) {
    synchronized (this) {
      if (!asked()) {
        this.wake = wake;
        return;
      }
    }
    wake.run();
  }

  /**
   * Throws what {@link #fail(Failure)} got; does nothing when there is none.
   *
   * @throws Failure the end of this run
   */
  public void throwFailure() throws Failure {
    if (failure != null) {
      throw failure;
    }
  }

  /** Makes a call that waits for something else; what ends the run interrupts it. */
  <T> T interrupting(Run.Waiting<T> call) throws Failure, InterruptedException {
    return interrupting(call, false);
  }

  /** The same for a call at the end of a run, which only a failure interrupts. */
  <T> T untilFailure(Run.Waiting<T> call) throws Failure, InterruptedException {
    return interrupting(call, true);
  }

  private <T> T interrupting(Run.Waiting<T> call, boolean byFailureOnly)
      throws Failure, InterruptedException {
    synchronized (this) {
      if (byFailureOnly ? failure != null : asked()) {
        throw new InterruptedException();
      }
      interruptible = Thread.currentThread();
      this.byFailureOnly = byFailureOnly;
    }
    try {
      return call.call();
    } finally {
      synchronized (this) {
        interruptible = null;
        if (asked()) {
          Thread.interrupted(); // too late for the call: the end of the run is not to be disturbed
        }
      }
    }
  }

  /** Whether the run is asked to end. Costs next to nothing, even a million times a second. */
  public boolean asked() {
    return reason != null;
  }

  /** Why the run ends; null while it goes on. */
  public Reason reason() {
    return reason;
  }

  /**
   * Waits, or returns at once when the run is asked to end.
   *
   * @return whether the run is asked to end
   */
  public boolean sleep(Duration duration) throws InterruptedException {
    return asked.await(duration.toNanos(), TimeUnit.NANOSECONDS);
  }

  /**
   * Waits until somebody asks for the end, or until nothing has been counted for {@code timeout}.
   *
   * @param timeout null to wait for ever
   */
  public Reason await(Duration timeout, Tally tally) throws InterruptedException {
    try {
      return await(timeout, tally, () -> {});
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("nothing to do cannot fail", e);
    }
  }

  /** A check to make again and again while the run goes on. */
  @FunctionalInterface
  public interface Check {
    /** Makes the check, and returns soon; an exception ends the wait. */
    void run() throws Exception;
  }

  /**
   * Like {@link #await(Duration, Tally)}, with a check of the caller's about 50 times a second.
   *
   * @param timeout null to wait for ever
   */
  public Reason await(Duration timeout, Tally tally, Check check) throws Exception {
    tally.waitFromNow();
    while (!sleep(IDLE_CHECK)) {
      check.run();
      if (timeout != null && tally.idle().compareTo(timeout) >= 0) {
        ask(Reason.TIMEOUT);
      }
    }
    return reason;
  }

  /** The run is over; what there is to say of it has still to be said. */
  @Override
  public void close() {
    ask(Reason.DONE);
  }

  /** A program begins: a signal does not end the JVM before {@link #release}. */
  static void hold() {
    lastFailure = null;
    released = new CountDownLatch(1);
  }

  /** What a listener heard, even if the program's own thread has failed for another reason. */
  static Failure lastFailure() {
    return lastFailure;
  }

  /**
   * The program has printed its last line: a waiting signal ends the JVM, and this does not return
   * then. System.exit with the program's own exit code could still come before the signal's.
   */
  static void release() {
    released.countDown();
    if (signalled) {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
