package io.github.natsexperiments.basic;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;

/** The two jars of the lesson, connected to a test's server. */
final class Pair {
  private Pair() {}

  /** The publisher, not started yet. */
  static Program publisher(RunningServer server, Object... args) {
    return Program.jar("publisher").env("NATS_URL", server.url()).args(args);
  }

  /** The subscriber, not started yet. */
  static Program subscriber(RunningServer server, Object... args) {
    return Program.jar("subscriber").env("NATS_URL", server.url()).args(args);
  }

  /** Starts a subscriber and waits until the server knows of its subscription. */
  static RunningProgram waiting(Program subscriber) {
    RunningProgram running = subscriber.start();
    running.waitForStderr("Waiting for messages");
    return running;
  }

  /** The line that a received message makes, as the original Python pair prints it. */
  static String received(String subject, Object payload) {
    return "Received a message from subject \"" + subject + "\" (reply = \"\"): " + payload;
  }
}
