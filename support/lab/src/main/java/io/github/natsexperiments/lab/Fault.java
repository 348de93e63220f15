package io.github.natsexperiments.lab;

import io.github.natsexperiments.server.NativeServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What {@code ./lab break} does to a server, and undoes. */
enum Fault {
  KILL("killed", 500),
  STOP("stopped", 500),
  PAUSE("paused", 3000),
  RESTART_EMPTY("killed, its storage removed", 500);

  private final String done;
  private final Duration outage;

  Fault(String done, long outageMillis) {
    this.done = done;
    this.outage = Duration.ofMillis(outageMillis);
  }

  /** The server fails. */
  void begin(NativeServer server) throws IOException {
    switch (this) {
      case KILL -> server.kill();
      case STOP -> server.stop();
      case PAUSE -> server.pause();
      case RESTART_EMPTY -> {
        server.kill();
        server.wipe();
      }
    }
  }

  /** The server is back; returns when it accepts connections. */
  void end(NativeServer server) throws IOException {
    if (this == PAUSE) {
      server.resume();
    } else {
      server.start();
    }
  }

  /** How long the server is away, its own start not counted. */
  Duration outage() {
    return outage;
  }

  /** What has been done to the server, in words. */
  String done() {
    return done;
  }

  /**
   * When to break the server: one moment in each of as many equal parts of the time, away from both
   * ends of it.
   *
   * @param time how long the publisher publishes
   */
  List<Duration> moments(int times, Duration time, long seed) {
    Random random = new Random(seed);
    List<Duration> moments = new ArrayList<>();
    double part = 0.75 * time.toMillis() / times;
    for (int i = 0; i < times; i++) {
      double within = 0.1 + 0.4 * random.nextDouble();
      moments.add(Duration.ofMillis((long) (0.1 * time.toMillis() + part * (i + within))));
    }
    return moments;
  }

  /** For the help and the shell's completion. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.of(values()).map(Fault::toString).iterator();
    }
  }

  /** Takes the names as they are typed, and no others. */
  static final class Converter implements ITypeConverter<Fault> {
    @Override
    public Fault convert(String name) {
      return Stream.of(values())
          .filter(fault -> fault.toString().equals(name))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "'" + name + "' is not one of " + String.join(", ", new Names())));
    }
  }

  /** As it is typed. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
