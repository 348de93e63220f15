package io.github.natsexperiments.resilience;

/**
 * A daemon thread that others may end. It is interrupted while it works, and no longer while it
 * ends: what it asks the server then must get through.
 */
final class Worker extends Thread {
  private final Object lock = new Object();
  private boolean ending;

  Worker(String name, Runnable work) {
    super(work, name);
    setDaemon(true);
  }

  /** Called in this thread when its work is over: no interrupt comes any more. */
  void ending() {
    synchronized (lock) {
      ending = true;
      Thread.interrupted();
    }
  }

  /**
   * Interrupts the work.
   *
   * @param wait for the end; this thread itself never does
   */
  void end(boolean wait) {
    if (Thread.currentThread() == this) {
      return;
    }
    synchronized (lock) {
      if (!ending) {
        interrupt();
      }
    }
    try {
      if (wait) {
        join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
