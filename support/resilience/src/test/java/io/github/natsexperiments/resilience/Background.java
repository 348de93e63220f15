package io.github.natsexperiments.resilience;

import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/** What a test does meanwhile, in a thread of its own that {@code cancel(true)} interrupts. */
final class Background {
  interface Work {
    void run() throws Exception;
  }

  private Background() {}

  static Future<Void> run(Work work) {
    return start(
        () -> {
          work.run();
          return null;
        });
  }

  static <T> Future<T> start(Callable<T> call) {
    FutureTask<T> task = new FutureTask<>(call);
    Thread thread = new Thread(task, "background");
    thread.setDaemon(true);
    thread.start();
    return task;
  }
}
