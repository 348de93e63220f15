package io.github.natsexperiments.server;

import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A nats-server process of our own: bound to the loopback address, its data in a private temporary
 * folder that {@link #close()} removes. The executable is the one of {@link ServerBinary#find()}.
 *
 * <p>Where the command {@code setsid} exists (every Linux), the server runs in a session of its
 * own: Ctrl-C in the terminal does not reach it, so that clients can still drain. What the server
 * prints goes to the logger {@code nats-server} at level debug.
 *
 * <p>Methods may be called from any thread. {@link #close()} does not wait for a {@link #start()}
 * or {@link #reload} under way in another thread but makes it fail.
 */
public final class NativeServer implements RunningServer, Ports.Server {
  private static final Duration READY_LIMIT = Duration.ofSeconds(30);

  private final ServerBinary binary;
  private final int port;
  private final Monitoring monitoring;
  private final Path folder;
  private final Path data;
  private final String health;
  private final Thread hook;
  private final Consumer<NativeServer> started;
  private volatile boolean closed;
  private volatile ServerProcess process;

  // These change with the process, under this object's lock.
  private ServerConfig config;
  private boolean listens;
  private boolean lameDuck;

  /**
   * @param health where the monitoring endpoint says that the server is ready
   * @param data the folder for its data, which stays; null for one of its own, which does not
   * @param started is called each time its process has been started, before it is ready; null: it
   *     stops when the JVM exits
   */
  NativeServer(
      ServerBinary binary,
      ServerConfig config,
      int port,
      String health,
      Path data,
      Consumer<NativeServer> started)
      throws IOException {
    this.started = started;
    this.health = health;
    this.binary = binary;
    this.config = config;
    this.port = port;
    this.monitoring = new Monitoring(Ports.free());
    this.folder = Files.createTempDirectory("nats-server-");
    this.data = data == null ? folder.resolve("data") : data.toAbsolutePath();
    this.hook = started == null ? new Thread(this::close, "stop nats-server") : null;
    if (hook != null) {
      Runtime.getRuntime().addShutdownHook(hook);
    }
  }

  /**
   * Starts a nats-server and returns when it is ready. It is stopped and its data removed by {@link
   * #close()}, or else when this JVM exits (not with SIGKILL).
   *
   * @param config the configuration; its address and ports are overridden, and it must not name a
   *     {@code store_dir}, which nats-server takes once, nor a {@code log_file}
   * @param port the client port, or 0 for a free one
   * @throws java.net.BindException when the port is taken; the message says by whom
   * @throws IOException when there is no nats-server to start, or it does not become ready within
   *     30 s; the message is one line and holds the server's own error
   */
  public static NativeServer start(ServerConfig config, int port) throws IOException {
    return startWithoutShutdownHook(config, port, null, null);
  }

  /**
   * The same without the end at JVM exit: for a caller with a shutdown hook of its own, which calls
   * {@link #close()} when its work is done (shutdown hooks run in no order).
   *
   * @param data a folder for the server's data, made when it is not there, which {@link #close()}
   *     leaves; null for one of its own, which goes with the server
   * @param started is called each time its process has been started, long before it is ready
   */
  public static NativeServer startWithoutShutdownHook(
      ServerConfig config, int port, Path data, Consumer<NativeServer> started) throws IOException {
    ServerBinary binary = ServerBinary.find();
    return Ports.start(
        port,
        1,
        ports -> new NativeServer(binary, config, ports.get(0), Monitoring.HEALTHY, data, started));
  }

  /** {@inheritDoc} By address, because a name may lead to ::1, where the server is not. */
  @Override
  public String url() {
    return "nats://" + Ports.LOOPBACK + ":" + port;
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public int monitoringPort() {
    return monitoring.port();
  }

  @Override
  public String description() {
    return "nats-server " + binary.version() + " from " + binary.origin();
  }

  @Override
  public void start() throws IOException {
    start(health);
  }

  /** Starts the server; where the monitoring endpoint says that it is ready is for this time. */
  synchronized void start(String health) throws IOException {
    if (closed || isAlive()) {
      throw new IllegalStateException(this + (closed ? " is closed" : " is running"));
    }
    Ports.requireFree(port);
    Ports.requireFree(monitoringPort());
    List<String> arguments =
        List.of(
            "--config", write(config).toString(),
            "--addr", Ports.LOOPBACK,
            "--port", Integer.toString(port),
            "--http_port", Integer.toString(monitoringPort()));
    lameDuck = false;
    listens = false;
    process = ServerProcess.start(binary.path(), arguments);
    try {
      if (started != null) {
        started.accept(this);
      }
      await(READY_LIMIT, "start", () -> !isAlive() || isReady(health));
      if (!isAlive()) {
        process.output().awaitEnd();
        throw said("address already in use") || said("Only one usage of")
            ? new BindException(serverError("did not start", config))
            : new IOException(serverError("did not start", config));
      }
    } catch (IOException | RuntimeException e) {
      process.end();
      throw e;
    }
  }

  /** Its own word that it listens on our ports, and then what the endpoint says. */
  private boolean isReady(String health) {
    // Said once: what is printed later may push the line out of those that are kept, such as one
    // for each time that we ask a cluster without a leader.
    listens |= said("Server is ready");
    return listens && monitoring.isHealthy(health);
  }

  private boolean said(String words) {
    return process.output().contains(words);
  }

  @Override
  public synchronized void kill() throws IOException {
    if (isAlive()) {
      process().destroyForcibly();
      await(ServerProcess.SIGNAL_LIMIT, "die", () -> !isAlive());
    }
  }

  /** Removes what JetStream has stored, as a new disk would; only while the server is down. */
  public synchronized void wipe() {
    ServerFinder.delete(data);
  }

  @Override
  public synchronized void pause() throws IOException {
    signal("STOP");
    await(ServerProcess.SIGNAL_LIMIT, "pause", process::isPaused);
  }

  @Override
  public synchronized void resume() throws IOException {
    signal("CONT");
  }

  @Override
  public synchronized void stop() throws IOException {
    if (!isAlive()) {
      return;
    }
    if (!Platform.WINDOWS) {
      signal("CONT");
    }
    if (lameDuck) {
      signal("INT"); // a lame duck ignores SIGTERM
    } else {
      process().destroy();
    }
    await(ServerProcess.SIGNAL_LIMIT, "stop", () -> !isAlive());
  }

  @Override
  public synchronized void lameDuck() throws IOException {
    signal("USR2");
    lameDuck = true;
    await(ServerProcess.SIGNAL_LIMIT, "become a lame duck", () -> said("lame duck") || !isAlive());
  }

  /**
   * {@inheritDoc} The server keeps its ports, address and data folder.
   *
   * @throws IOException when the server does not take the configuration, with its own error in the
   *     message; it goes on with the one before
   * @see <a href="https://docs.nats.io/learn/deployment/config-management">NATS documentation:
   *     signals</a>
   */
  @Override
  public synchronized void reload(ServerConfig config) throws IOException {
    Optional<String> before = monitoring.configLoadTime();
    process.output().clear();
    write(config);
    signal("HUP");
    await(
        ServerProcess.SIGNAL_LIMIT,
        "reload",
        () -> {
          Optional<String> now = monitoring.configLoadTime();
          return now.isPresent() && !now.equals(before) || said("Failed to reload");
        });
    if (said("Failed to reload")) {
      throw new IOException(serverError("did not reload", config));
    }
    this.config = config;
  }

  @Override
  public void close() {
    closed = true;
    if (hook != null) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The JVM is exiting, and perhaps this is the hook.
      }
    }
    synchronized (this) {
      if (process != null) {
        process.end();
      }
      ServerFinder.delete(folder);
    }
  }

  @Override
  public String toString() {
    return description() + " on port " + port;
  }

  /** The server's process, or the last one it had. */
  ProcessHandle process() {
    return process.handle();
  }

  /** All that this server has on disk. */
  public Path folder() {
    return folder;
  }

  /**
   * The process id of the server, or of the last process it had; another one after each {@link
   * #start()}.
   */
  public long pid() {
    return process().pid();
  }

  /** Whether the server's process runs, paused or not. */
  public boolean isAlive() {
    ServerProcess last = process;
    return last != null && last.isAlive();
  }

  private void await(Duration limit, String what, ServerProcess.Condition condition)
      throws IOException {
    process.await(
        this + " did not " + what,
        limit,
        () -> {
          if (closed) {
            throw new IOException(this + " was closed");
          }
          return condition.isMet();
        });
  }

  private void signal(String name) throws IOException {
    if (!isAlive()) {
      throw new IOException(this + " is not running");
    }
    process.signal(name);
  }

  private Path write(ServerConfig config) throws IOException {
    String store = data.toString().replace("\\", "\\\\").replace("\"", "\\\"");
    // Not as an argument: with one, nats-server before 2.10 refuses every reload.
    String text = config.text() + "\nstore_dir: \"" + store + "\"\n";
    Path aside = Files.writeString(folder.resolve("server.conf.new"), text);
    return Files.move(aside, folder.resolve("server.conf"), StandardCopyOption.REPLACE_EXISTING);
  }

  private String serverError(String what, ServerConfig config) {
    String error = process.output().error().replace(folder + File.separator, "");
    return "nats-server %s %s with configuration \"%s\": %s"
        .formatted(binary.version(), what, config.name(), error);
  }
}
