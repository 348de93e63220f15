package io.github.natsexperiments.testkit;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import io.github.natsexperiments.server.Monitoring;
import io.github.natsexperiments.server.Ports;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerBinary;
import io.github.natsexperiments.server.ServerConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.startupcheck.StartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.containers.wait.strategy.WaitStrategy;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/**
 * A nats-server in a container. Killing, stopping and starting keep the container, and with it the
 * data and the ports: Docker picks new ports at every start unless they are named, so they are.
 */
final class ContainerServer implements RunningServer {

  private static final String IMAGE = "nats:" + ServerBinary.RELEASE + "-alpine";
  private static final String LOOPBACK = "127.0.0.1";
  private static final int CLIENT = 4222;
  private static final int MONITORING = 8222;
  private static final String CONFIG = "/etc/nats/nats.conf";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String REFUSED = "Failed to reload";

  private static final StartupCheckStrategy STARTED =
      new StartupCheckStrategy() {
        @Override
        public boolean waitUntilStartupSuccessful(DockerClient docker, String containerId) {
          return true; // else Docker is asked once a second at most
        }

        @Override
        public StartupStatus checkStartupState(DockerClient docker, String containerId) {
          return StartupStatus.SUCCESSFUL;
        }
      };

  private static final WaitStrategy NO_WAIT =
      new AbstractWaitStrategy() {
        @Override
        protected void waitUntilReady() {}
      };

  private final GenericContainer<?> container;
  private int port;
  private Monitoring monitoring;
  private String description;
  private ServerConfig config;
  private boolean lameDuck;

  private ContainerServer(ServerConfig config) {
    this.config = config;
    this.container =
        new GenericContainer<>(DockerImageName.parse(image()))
            .withCopyToContainer(Transferable.of(config.text()), CONFIG)
            .withCommand("-c", CONFIG, "-m", Integer.toString(MONITORING))
            .withCreateContainerCmdModifier(this::bindPorts)
            .withStartupAttempts(3)
            // We wait ourselves, as after a restart, and need no patience with a server that ended.
            .withStartupCheckStrategy(STARTED)
            .waitingFor(NO_WAIT);
  }

  /** Runs the image that the system property {@code nats.image} names. */
  static ContainerServer start(ServerConfig config) throws IOException {
    ContainerServer server = new ContainerServer(config);
    try {
      server.launch();
      server.awaitReady();
      server.description =
          "nats-server %s in a container of the image %s"
              .formatted(server.monitoring.version().orElse("of unknown version"), image());
      return server;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private void launch() throws IOException {
    try {
      container.start();
    } catch (RuntimeException e) {
      throw new IOException(
          ("no container of the image %s (%s): start Docker and pull the image, name another with -Dnats.image=NAME,"
                  + " or run nats-server without Docker: -Dnats.test.server=native")
              .formatted(image(), e.getMessage()),
          e);
    }
  }

  private static String image() {
    return System.getProperty("nats.image", IMAGE);
  }

  /** Called for every attempt: somebody else may take a port before the container does. */
  private void bindPorts(CreateContainerCmd create) {
    try {
      port = Ports.free();
      monitoring = new Monitoring(Ports.free());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    create
        .withExposedPorts(ExposedPort.tcp(CLIENT), ExposedPort.tcp(MONITORING))
        .getHostConfig()
        .withPortBindings(binding(port, CLIENT), binding(monitoring.port(), MONITORING));
  }

  private static PortBinding binding(int port, int inContainer) {
    return new PortBinding(
        com.github.dockerjava.api.model.Ports.Binding.bindIpAndPort(LOOPBACK, port),
        ExposedPort.tcp(inContainer));
  }

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
    return monitoring.port();
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public void kill() throws IOException {
    if (container.isRunning()) {
      signal("KILL");
      await("die", () -> !container.isRunning());
    }
  }

  @Override
  public void pause() throws IOException {
    // Not `docker pause`: a container paused that way can be neither killed nor stopped.
    signal("STOP");
  }

  @Override
  public void resume() throws IOException {
    signal("CONT");
  }

  @Override
  public void start() throws IOException {
    if (container.isRunning()) {
      throw new IllegalStateException(description + " is running");
    }
    lameDuck = false;
    run(() -> docker().startContainerCmd(container.getContainerId()).exec());
    awaitReady();
  }

  @Override
  public void stop() throws IOException {
    if (container.isRunning()) {
      signal("CONT");
      signal(lameDuck ? "INT" : "TERM"); // a lame duck ignores SIGTERM
      await("stop", () -> !container.isRunning());
    }
  }

  @Override
  public void lameDuck() throws IOException {
    int said = container.getLogs().length();
    signal("USR2");
    lameDuck = true;
    await("become a lame duck", () -> container.getLogs().indexOf("lame duck", said) >= 0);
  }

  @Override
  public void reload(ServerConfig config) throws IOException {
    Optional<String> loaded = monitoring.configLoadTime();
    int said = container.getLogs().length();
    copy(config);
    signal("HUP");
    await(
        "reload",
        () -> {
          Optional<String> now = monitoring.configLoadTime();
          return now.isPresent() && !now.equals(loaded)
              || container.getLogs().indexOf(REFUSED, said) >= 0;
        });
    String log = container.getLogs().substring(said);
    if (log.contains(REFUSED)) {
      copy(this.config); // for the next start
      throw new IOException(
          "%s did not reload with configuration \"%s\":%n%s"
              .formatted(description, config.name(), log));
    }
    this.config = config;
  }

  @Override
  public void close() {
    container.stop();
  }

  private void signal(String name) throws IOException {
    run(() -> docker().killContainerCmd(container.getContainerId()).withSignal(name).exec());
  }

  private void copy(ServerConfig config) throws IOException {
    run(() -> container.copyFileToContainer(Transferable.of(config.text()), CONFIG));
  }

  private void awaitReady() throws IOException {
    await("start", () -> !container.isRunning() || monitoring.isHealthy(Monitoring.HEALTHY));
    if (!container.isRunning()) {
      throw new IOException("nats-server did not start:\n" + container.getLogs());
    }
  }

  private void await(String what, Callable<Boolean> condition) throws IOException {
    try {
      Awaitility.await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(20))
          .atMost(PATIENCE)
          .until(condition);
    } catch (ConditionTimeoutException e) {
      throw new IOException(
          "the server did not %s within %d s:%n%s"
              .formatted(what, PATIENCE.toSeconds(), container.getLogs()),
          e);
    }
  }

  private DockerClient docker() {
    return container.getDockerClient();
  }

  private static void run(Runnable command) throws IOException {
    try {
      command.run();
    } catch (DockerException e) {
      throw new IOException(e);
    }
  }
}
