package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.server.NativeServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** One pair on a server of its own that breaks, from its start to what came of its messages. */
final class Trial {
  private static final Duration CHECK = Duration.ofMillis(20);
  private static final long READY_LIMIT = 20_000;
  private static final long REPORT_EVERY = 10_000;

  /** Without an ack a message comes again after 30 s, the default of JetStream's consumers. */
  private static final long REDELIVERY = 32_000;

  /** What is there comes within that time after a restart, or the pair will not ask for it. */
  private static final long LAST_WORD = 3_000;

  /** The longest silence of plain jnats after a restart is 90 s. */
  private static final long LONGEST = 100_000;

  private final Lesson lesson;
  private final Fault fault;
  private final List<Duration> moments;
  private final Stop stop;
  private final Consumer<String> say;
  private final Outputs outputs = new Outputs();
  private final List<Count.Outage> outages = new ArrayList<>();
  private volatile long start = System.nanoTime();
  private long nextReport = REPORT_EVERY;

  /**
   * @param moments when the fault comes, from the first message on
   * @param say gets what there is to tell while it runs
   */
  Trial(Lesson lesson, Fault fault, List<Duration> moments, Stop stop, Consumer<String> say) {
    this.lesson = lesson;
    this.fault = fault;
    this.moments = moments;
    this.stop = stop;
    this.say = say;
  }

  /** Makes the call of a program, once the server's URL is known. */
  interface Programs {
    /** How to start a program. */
    Call call(String program, String url) throws Failure;
  }

  /**
   * Runs the pair.
   *
   * @return null when a signal came first
   */
  Count run(Programs programs) throws Failure, IOException, InterruptedException {
    try (NativeServer server = LabServer.start(LabServer.config(lesson.profile()), 0, null, stop)) {
      if (server == null) {
        return null;
      }
      Storage.prepare(lesson, server.url());
      start = System.nanoTime();
      Child subscriber =
          new Child(
              programs.call(Pair.SUBSCRIBER, server.url()),
              (error, line) -> outputs.subscriber(error, line, now()));
      Child publisher = null;
      try {
        if (!await(subscriber)) {
          return null;
        }
        publisher =
            new Child(
                programs.call(Pair.PUBLISHER, server.url()),
                (error, line) -> outputs.publisher(error, line, now()));
        if (!breakAndSettle(server, publisher, subscriber)) {
          return null;
        }
      } finally {
        if (publisher != null) {
          publisher.close();
        }
        subscriber.close();
      }
      return Count.of(outputs, outages, now(), exit(publisher), exit(subscriber));
    }
  }

  /** The subscriber was there to the end, so that a signal is how it ends. */
  private static String exit(Child child) {
    return child.wasStopped() ? "stopped" : Integer.toString(child.exitCode());
  }

  private boolean await(Child subscriber) throws Failure, InterruptedException {
    while (!subscriber.isReady()) {
      if (stop.sleep(CHECK)) {
        return false;
      }
      if (subscriber.hasEnded() || now() > READY_LIMIT) {
        throw new Failure(
            ExitCode.FAILED,
            "The subscriber does not wait for messages: "
                + outputs.lastErrors().getOrDefault(Pair.SUBSCRIBER, "it says nothing"));
      }
    }
    return true;
  }

  /** Returns whether it came to its end, and no signal before. */
  private boolean breakAndSettle(NativeServer server, Child publisher, Child subscriber)
      throws IOException, InterruptedException {
    while (outputs.published() == 0 && !publisher.hasEnded()) {
      if (stop.sleep(CHECK)) {
        return false;
      }
    }
    start = System.nanoTime();
    for (Duration moment : moments) {
      while (now() < moment.toMillis() && !publisher.hasEnded()) {
        if (stop.sleep(CHECK)) {
          return false;
        }
        report();
      }
      if (publisher.hasEnded()) {
        break;
      }
      long down = now();
      fault.begin(server);
      say.accept(seconds(down) + ": the server is " + fault.done());
      if (fault == Fault.RESTART_EMPTY) {
        outputs.wiped();
      }
      if (stop.sleep(fault.outage())) {
        return false;
      }
      fault.end(server);
      outages.add(new Count.Outage(down, now()));
      say.accept(seconds(now()) + ": the server is back");
    }
    while (!isSettled(publisher, subscriber)) {
      if (stop.sleep(CHECK)) {
        return false;
      }
      report();
    }
    return true;
  }

  private boolean isSettled(Child publisher, Child subscriber) {
    if (subscriber.hasEnded() || outages.isEmpty()) {
      return publisher.hasEnded();
    }
    long back = outages.get(outages.size() - 1).to();
    long last = lastArrival();
    boolean redelivered = lesson.keeps() != Lesson.Keeps.STREAM || now() - back > REDELIVERY;
    boolean quiet = now() - Math.max(last, back) > LAST_WORD && outputs.hasLastAcked();
    return publisher.hasEnded() && (redelivered && quiet || now() - back > LONGEST);
  }

  private long lastArrival() {
    List<Outputs.Arrival> arrivals = outputs.arrivals();
    return arrivals.isEmpty() ? 0 : arrivals.get(arrivals.size() - 1).millis();
  }

  private void report() {
    if (now() >= nextReport) {
      nextReport += REPORT_EVERY;
      long silent = now() - lastArrival();
      say.accept(
          "%s: %d published, %d received%s"
              .formatted(
                  seconds(now()),
                  outputs.published(),
                  outputs.arrivals().size(),
                  silent > 2_000 ? ", silent for " + seconds(silent) : ""));
    }
  }

  private long now() {
    return (System.nanoTime() - start) / 1_000_000;
  }

  /** A time for people. */
  static String seconds(long millis) {
    return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
  }
}
