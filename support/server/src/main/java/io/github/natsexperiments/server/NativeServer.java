package io.github.natsexperiments.server;

import io.nats.NatsServerRunner;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
public final class NativeServer implements RunningServer {

  /** That JetStream has its data. In a cluster: that it has a leader, and is not behind it. */
  static final String HEALTHY = "/healthz";

  private static final Logger LOG = LoggerFactory.getLogger(NativeServer.class);
  private static final String LOOPBACK = "127.0.0.1";
  private static final int TRIES = 5;
  private static final Duration READY_LIMIT = Duration.ofSeconds(30);
  private static final Duration SIGNAL_LIMIT = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int HTTP_MILLIS = 1000;

  private static final Pattern CONFIG_LOADED =
      Pattern.compile("\"config_load_time\":\\s*\"([^\"]+)\"");

  private final ServerBinary binary;
  private final int port;
  private final int monitoringPort;
  private final Path folder;
  private final Path data;
  private final String health;
  private final Thread hook;
  private volatile boolean closed;

  // These change with the process, under this object's lock.
  private ServerConfig config;
  private NatsServerRunner runner;
  private ServerOutput output;
  private ProcessHandle process;
  private boolean listens;
  private boolean lameDuck;

  NativeServer(ServerBinary binary, ServerConfig config, int port, boolean hooked)
      throws IOException {
    this(binary, config, port, hooked, HEALTHY, null);
  }

  /**
   * @param health where the monitoring endpoint says that the server is ready
   * @param data the folder for its data, which stays; null for one of its own, which does not
   */
  NativeServer(
      ServerBinary binary, ServerConfig config, int port, boolean hooked, String health, Path data)
      throws IOException {
    this.health = health;
    this.binary = binary;
    this.config = config;
    this.port = port;
    this.monitoringPort = freePort();
    this.folder = Files.createTempDirectory("nats-server-");
    Watchdog.watch(folder);
    this.data = data == null ? folder.resolve("data") : data.toAbsolutePath();
    this.hook = hooked ? new Thread(this::close, "stop nats-server") : null;
  }

  /**
   * Starts a nats-server and returns when it is ready. It is stopped and its data removed by {@link
   * #close()}, or else when this JVM exits: at the end of the program, with {@code System.exit},
   * Ctrl-C or SIGTERM (not with SIGKILL).
   *
   * @param config the configuration; its address and ports are overridden, and it must not name a
   *     {@code store_dir}, which nats-server takes only once, nor a {@code log_file}, because it is
   *     read here what the server prints
   * @param port the client port, or 0 for a free one
   * @throws java.net.BindException when the port is taken; the message says by whom
   * @throws IOException when there is no nats-server to start, or it does not become ready within
   *     30 s; the message is one line and holds the server's own error
   */
  public static NativeServer start(ServerConfig config, int port) throws IOException {
    return start(config, port, true, null);
  }

  /**
   * The same as {@link #start(ServerConfig, int)} without the end at JVM exit: for a caller with a
   * shutdown hook of its own, who has work to do before the server goes (shutdown hooks run in no
   * order) and calls {@link #close()} at the end of it.
   *
   * @param data a folder for the server's data, made when it is not there, which {@link #close()}
   *     leaves; null for one of its own, which goes with the server
   */
  public static NativeServer startWithoutShutdownHook(ServerConfig config, int port, Path data)
      throws IOException {
    return start(config, port, false, data);
  }

  private static NativeServer start(ServerConfig config, int port, boolean hooked, Path data)
      throws IOException {
    ServerBinary binary = ServerBinary.find();
    for (int attempt = 1; ; attempt++) {
      int clients = port == 0 ? freePort() : port;
      NativeServer server = new NativeServer(binary, config, clients, hooked, HEALTHY, data);
      boolean started = false;
      try {
        server.addHook();
        server.start();
        started = true;
        return server;
      } catch (BindException e) {
        // Somebody was faster. With a port that was asked for, only another monitoring port helps.
        if (attempt == TRIES || port != 0 && !isFree(port)) {
          throw e;
        }
      } finally {
        if (!started) {
          server.close();
        }
      }
    }
  }

  void addHook() {
    if (hook != null) {
      Runtime.getRuntime().addShutdownHook(hook);
    }
  }

  /** {@inheritDoc} By address, because a name may lead to ::1, where the server is not. */
  @Override
  public String url() {
    return "nats://" + LOOPBACK + ":" + port;
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public int monitoringPort() {
    return monitoringPort;
  }

  @Override
  public String description() {
    return "nats-server " + binary.version() + " from " + binary.origin();
  }

  @Override
  public void start() throws IOException {
    start(health);
  }

  /**
   * Starts the server and returns when it is ready.
   *
   * @param health where the monitoring endpoint says so, this time
   */
  synchronized void start(String health) throws IOException {
    if (closed || isAlive()) {
      throw new IllegalStateException(this + (closed ? " is closed" : " is running"));
    }
    for (int p : new int[] {port, monitoringPort}) {
      if (!isFree(p)) {
        throw new BindException("port " + p + " is taken by " + PortOwner.describe(p));
      }
    }
    Path conf = write(config);
    Path pidFile = folder.resolve("pid");
    Files.deleteIfExists(pidFile);
    lameDuck = false;
    listens = false;
    process = null;
    output = new ServerOutput();
    // Given no configuration of its own to copy, the runner leaves no file behind.
    List<String> arguments =
        List.of(
            "--config", conf.toString(),
            "--addr", LOOPBACK,
            "--http_port", Integer.toString(monitoringPort),
            "--pid", pidFile.toString());
    runner = run(arguments);
    try {
      await(READY_LIMIT, "start", () -> ended(pidFile) || isReady(health));
      if (ended(pidFile)) {
        output.awaitEnd();
        throw output.contains("address already in use") || output.contains("Only one usage of")
            ? new BindException(serverError("did not start", config))
            : new IOException(serverError("did not start", config));
      }
    } catch (IOException | RuntimeException e) {
      end();
      throw e;
    }
  }

  private NatsServerRunner run(List<String> arguments) throws IOException {
    Path executable = executable();
    for (int attempt = 1; ; attempt++) {
      try {
        return NatsServerRunner.builder()
            .executablePath(executable)
            .port(port)
            .customArgs(arguments)
            .output(output)
            .processCheckWait(1L)
            .processCheckTries(1)
            .skipConnectValidate()
            .build();
      } catch (IllegalStateException e) {
        if (attempt == TRIES || !e.getMessage().contains(Command.TEXT_FILE_BUSY)) {
          throw new IOException("cannot start " + binary.path() + ": " + e.getMessage(), e);
        }
      }
    }
  }

  /** A script that starts the server in a session of its own, or the server where that fails. */
  private Path executable() throws IOException {
    Optional<Path> setsid =
        Stream.of("/usr/bin/setsid", "/bin/setsid").map(Path::of).filter(Files::exists).findFirst();
    if (setsid.isEmpty()) {
      return binary.path();
    }
    String quoted = "'" + binary.path().toString().replace("'", "'\\''") + "'";
    Path script = folder.resolve("start");
    Files.writeString(script, "#!/bin/sh\nexec " + setsid.get() + " " + quoted + " \"$@\"\n");
    File file = script.toFile();
    // Not executable in spite of that: a file system mounted "noexec".
    return file.setExecutable(true) && file.canExecute() ? script : binary.path();
  }

  /** Whether the process is over; finds out its id on the way, which the runner keeps to itself. */
  private boolean ended(Path pidFile) throws IOException {
    if (process == null && Files.exists(pidFile)) {
      String pid = Files.readString(pidFile).strip();
      process =
          ProcessHandle.current()
              .children()
              .filter(child -> pid.equals(Long.toString(child.pid())))
              .findAny()
              .orElse(null);
    }
    return process == null ? output.ended() : !process.isAlive();
  }

  /** Its own word that it listens on our ports, and then what the endpoint says. */
  private boolean isReady(String health) {
    // Said once: what is printed later may push the line out of those that are kept, such as one
    // for each time that we ask a cluster without a leader.
    listens |= process != null && output.contains("Server is ready");
    return listens && get(health).filter(body -> body.contains("\"ok\"")).isPresent();
  }

  @Override
  public synchronized void kill() throws IOException {
    if (isAlive()) {
      process.destroyForcibly();
      await(SIGNAL_LIMIT, "die", () -> !isAlive());
    }
  }

  /**
   * Removes all that JetStream has stored, as a disk that is replaced. The next {@link #start()}
   * begins with nothing.
   *
   * @throws IllegalStateException when the server runs
   */
  public synchronized void wipe() {
    if (isAlive()) {
      throw new IllegalStateException(this + " is running");
    }
    ServerFinder.delete(data);
  }

  @Override
  public synchronized void pause() throws IOException {
    signal("STOP");
    await(SIGNAL_LIMIT, "pause", this::isPaused);
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
      process.destroy();
    }
    await(SIGNAL_LIMIT, "stop", () -> !isAlive());
  }

  @Override
  public synchronized void lameDuck() throws IOException {
    signal("USR2");
    lameDuck = true;
    await(SIGNAL_LIMIT, "become a lame duck", () -> output.contains("lame duck") || !isAlive());
  }

  /**
   * {@inheritDoc} The server keeps its ports, address and data folder.
   *
   * @throws IOException when the server does not take the configuration, with its own error in the
   *     message; it goes on with the one before
   * @see <a href="https://docs.nats.io/running-a-nats-service/nats_admin/signals">NATS
   *     documentation: signals</a>
   */
  @Override
  public synchronized void reload(ServerConfig config) throws IOException {
    requireAlive();
    Optional<String> before = configLoadTime();
    output.clear();
    write(config);
    signal("HUP");
    await(
        SIGNAL_LIMIT,
        "reload",
        () -> {
          Optional<String> now = configLoadTime();
          return now.isPresent() && !now.equals(before) || output.contains("Failed to reload");
        });
    if (output.contains("Failed to reload")) {
      throw new IOException(serverError("did not reload", config));
    }
    this.config = config;
  }

  private Optional<String> configLoadTime() {
    return get("/varz").map(CONFIG_LOADED::matcher).filter(Matcher::find).map(m -> m.group(1));
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
      end();
      ServerFinder.delete(folder);
    }
  }

  /** The end without ceremony; it also ends a paused server. Does nothing to a dead one. */
  private void end() {
    if (process != null) {
      process.destroyForcibly();
      try {
        process.onExit().get(SIGNAL_LIMIT.toSeconds(), TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException e) {
        LOG.warn("{} (process {}) does not die", this, process.pid());
      }
    } else if (runner != null) {
      try {
        runner.shutdown(false);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public String toString() {
    return description() + " on port " + port;
  }

  /** The server's process, or the last one it had. */
  synchronized ProcessHandle process() {
    return process;
  }

  /** All that this server has on disk. */
  Path folder() {
    return folder;
  }

  /** The process id of the server, for a signal by hand. */
  public synchronized long pid() {
    return process.pid();
  }

  /** Whether the server's process runs, paused or not. */
  public synchronized boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** Every thread is to be stopped; only Linux shows it, elsewhere we believe. */
  private boolean isPaused() throws IOException {
    Path tasks = Path.of("/proc", Long.toString(process.pid()), "task");
    if (!Files.isDirectory(tasks)) {
      return true;
    }
    try (Stream<Path> list = Files.list(tasks)) {
      for (Path task : list.toList()) {
        if (!Files.readString(task.resolve("stat")).contains(") T ")) {
          return false;
        }
      }
      return true;
    }
  }

  private void requireAlive() throws IOException {
    if (!isAlive()) {
      throw new IOException(this + " is not running");
    }
  }

  private void signal(String name) throws IOException {
    if (Platform.WINDOWS) {
      throw new UnsupportedOperationException("Windows has no signal " + name);
    }
    requireAlive();
    // The shell's own kill: small systems have no program of that name.
    Command.run(List.of("/bin/sh", "-c", "kill -" + name + " " + process.pid()), SIGNAL_LIMIT);
  }

  private Path write(ServerConfig config) throws IOException {
    String store = data.toString().replace("\\", "\\\\").replace("\"", "\\\"");
    // Not as an argument: with one, nats-server before 2.10 refuses every reload.
    String text = config.text() + "\nstore_dir: \"" + store + "\"\n";
    Path aside = Files.writeString(folder.resolve("server.conf.new"), text);
    return Files.move(aside, folder.resolve("server.conf"), StandardCopyOption.REPLACE_EXISTING);
  }

  private String serverError(String what, ServerConfig config) {
    String error = output.error().replace(folder + File.separator, "");
    return "nats-server %s %s with configuration \"%s\": %s"
        .formatted(binary.version(), what, config.name(), error);
  }

  /** GETs from the monitoring endpoint; empty when it does not answer with status 200. */
  Optional<String> get(String path) {
    try {
      HttpURLConnection http =
          (HttpURLConnection)
              URI.create("http://" + LOOPBACK + ":" + monitoringPort + path)
                  .toURL()
                  .openConnection(Proxy.NO_PROXY);
      http.setConnectTimeout(HTTP_MILLIS);
      http.setReadTimeout(HTTP_MILLIS);
      try (InputStream in = http.getInputStream()) {
        return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } finally {
        http.disconnect();
      }
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private interface Condition {
    boolean isMet() throws IOException;
  }

  private void await(Duration limit, String what, Condition condition) throws IOException {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.isMet()) {
      if (closed) {
        throw new IOException(this + " was closed");
      }
      if (System.nanoTime() > end) {
        throw new IOException(
            "%s did not %s within %d s: %s"
                .formatted(this, what, limit.toSeconds(), output.error()));
      }
      try {
        Thread.sleep(POLL.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for " + this);
      }
    }
  }

  /**
   * A free port below those that systems hand out to outgoing connections: while the server is
   * down, no client's own end can sit on its port.
   */
  static int freePort() throws IOException {
    for (int attempt = 0; attempt < 100; attempt++) {
      int candidate = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      if (isFree(candidate)) {
        return candidate;
      }
    }
    throw new BindException("no free port between 20000 and 32000");
  }

  static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(!Platform.WINDOWS);
      socket.bind(new InetSocketAddress(LOOPBACK, port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
