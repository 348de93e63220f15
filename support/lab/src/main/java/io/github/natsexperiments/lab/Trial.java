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
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** One pair on a server of its own that breaks, from its start to what came of its messages. */
final class Trial {
  private static final Duration CHECK = Duration.ofMillis(20);
  private static final Duration READY_LIMIT = Duration.ofSeconds(60);
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
  private volatile long start; // when the publisher printed its first line; 0 before
  private long nextReport = REPORT_EVERY;

  /**
   * @param moments when the fault comes, from the first message on
   * @param say gets what there is to report while it runs
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
    Call call(String program, String url) throws Failure, IOException;
  }

  /**
   * Runs the pair.
   *
   * @return null when a signal came first
   */
  Count run(Programs programs) throws Failure, IOException, InterruptedException {
    try (NativeServer server =
        LabServer.start(LabServer.config(lesson.profile, false), 0, null, stop)) {
      if (server == null) {
        return null;
      }
      Storage.prepare(lesson, server.url());
      Child subscriber =
          new Child(
              programs.call(Pair.SUBSCRIBER, server.url()),
              line -> outputs.subscriber(false, line, now()),
              line -> outputs.subscriber(true, line, now()));
      Child publisher = null;
      try {
        if (!await(subscriber)) {
          return null;
        }
        publisher =
            new Child(
                programs.call(Pair.PUBLISHER, server.url()),
                this::published,
                line -> outputs.publisher(true, line, now()));
        if (!breakAndSettle(server, publisher, subscriber)) {
          return null;
        }
      } finally {
        if (publisher != null) {
          publisher.close();
        }
        subscriber.close();
      }
      if (outputs.published() == 0) {
        String why = outputs.lastErrors().getOrDefault(Pair.PUBLISHER, "it says nothing");
        throw new Failure(ExitCode.FAILED, "The publisher has published nothing: " + why);
      }
      return new Count(outputs, outages, now(), exit(publisher), exit(subscriber));
    }
  }

  private void published(String line) {
    start = start == 0 ? System.nanoTime() : start;
    outputs.publisher(false, line, now());
  }

  /** The subscriber was there to the end, so that a signal is how it ends. */
  private static String exit(Child child) {
    return child.wasStopped() ? "stopped" : Integer.toString(child.exitCode());
  }

  private boolean await(Child subscriber) throws Failure, InterruptedException {
    long limit = System.nanoTime() + READY_LIMIT.toNanos();
    if (!until(() -> subscriber.isReady() || subscriber.hasEnded() || System.nanoTime() > limit)) {
      return false;
    }
    if (!subscriber.isReady()) {
      throw new Failure(
          ExitCode.FAILED,
          "The subscriber does not wait for messages: "
              + outputs.lastErrors().getOrDefault(Pair.SUBSCRIBER, "it says nothing"));
    }
    return true;
  }

  /** Returns whether it came to its end, and no signal before. */
  private boolean breakAndSettle(NativeServer server, Child publisher, Child subscriber)
      throws IOException, InterruptedException {
    for (Duration moment : moments) {
      if (!until(() -> now() >= moment.toMillis() || publisher.hasEnded())) {
        return false;
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
    return until(() -> isSettled(publisher, subscriber));
  }

  /** Waits, and reports meanwhile; returns false when a signal came first. */
  private boolean until(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
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
    long quiet = now() - Math.max(back, outputs.lastTime());
    boolean redelivered = lesson.keeps != Lesson.Keeps.STREAM || now() - back > REDELIVERY;
    return quiet > LONGEST
        || quiet > LAST_WORD && publisher.hasEnded() && redelivered && outputs.hasLastAcked();
  }

  private void report() {
    if (now() >= nextReport) {
      nextReport += REPORT_EVERY;
      say.accept(
          "%s: %d published, %d received"
              .formatted(seconds(now()), outputs.published(), outputs.arrivals().size()));
    }
  }

  private long now() {
    return start == 0 ? 0 : (System.nanoTime() - start) / 1_000_000;
  }

  /** A time for people. */
  static String seconds(long millis) {
    return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
  }
}
