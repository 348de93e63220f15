package io.github.natsexperiments.server;

import java.io.IOException;

/**
 * A nats-server somebody started for us, and the ways to make it fail. The same methods serve a
 * native process and a container, so a test is written once. Every method returns when its effect
 * can be observed: after {@link #start()} and {@link #restart()} the server accepts connections.
 */
public interface RunningServer extends AutoCloseable {
  /** Where clients connect, for example {@code nats://localhost:51234}; stays the same for life. */
  String url();

  /** The client port on this machine. */
  int port();

  /** The port of the HTTP monitoring endpoint ({@code /healthz}, {@code /varz}) on this machine. */
  int monitoringPort();

  /** What the server says of itself, for example {@code nats-server 2.14.5 in a container}. */
  String description();

  /** Ends the server at once with SIGKILL: no farewell to clients, nothing flushed. */
  void kill() throws IOException;

  /** Freezes the server (SIGSTOP): connections stay open and nothing answers. */
  void pause() throws IOException;

  /** Lets a paused server go on. */
  void resume() throws IOException;

  /** Starts a killed or stopped server again on the same port and data. */
  void start() throws IOException;

  /** Stops the server in order (SIGTERM), its port closed and its data kept. */
  void stop() throws IOException;

  /** Stops the server in order and starts it again on the same port and data. */
  default void restart() throws IOException {
    stop();
    start();
  }

  /**
   * Asks the server to announce its end to clients and to leave after the grace period (SIGUSR2).
   */
  void lameDuck() throws IOException;

  /**
   * Replaces the configuration and has the running server read it (SIGHUP).
   *
   * @param config the whole new configuration
   */
  void reload(ServerConfig config) throws IOException;

  /** Stops the server and removes its data; safe to call twice and on a dead server. */
  @Override
  void close();
}
