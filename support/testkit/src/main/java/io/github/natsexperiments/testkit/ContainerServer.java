package io.github.natsexperiments.testkit;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.PortBinding;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/**
 * A nats-server in a container. Killing, stopping and starting keep the container, and with it the
 * data and the ports: Docker picks new ports at every start unless they are named, so they are.
 */
final class ContainerServer implements RunningServer {

  private static final int CLIENT = 4222;
  private static final int MONITORING = 8222;
  private static final String CONFIG = "/etc/nats/nats.conf";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Pattern VERSION = Pattern.compile("\"version\":\\s*\"([^\"]+)\"");
  private static final Pattern LOADED = Pattern.compile("\"config_load_time\":\\s*\"([^\"]+)\"");

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();
  private final DockerClient docker;
  private final GenericContainer<?> container;
  private final String description;

  private ContainerServer(GenericContainer<?> container) throws IOException {
    this.container = container;
    this.docker = container.getDockerClient();
    awaitReady();
    this.description =
        "nats-server %s in a container of %s"
            .formatted(monitored("/varz", VERSION), container.getDockerImageName());
  }

  /**
   * Runs the image with this configuration; the image is the system property {@code nats.image}.
   */
  static ContainerServer start(ServerConfig config) throws IOException {
    GenericContainer<?> container =
        new GenericContainer<>(
                DockerImageName.parse(System.getProperty("nats.image", "nats:2.14.5-alpine")))
            .withCopyToContainer(Transferable.of(config.text()), CONFIG)
            .withCommand("-c", CONFIG)
            .withExposedPorts(CLIENT, MONITORING)
            // Called for every attempt: somebody else may take a port before the container does.
            .withCreateContainerCmdModifier(
                create ->
                    create
                        .getHostConfig()
                        .withPortBindings(bindToFreePort(CLIENT), bindToFreePort(MONITORING)))
            .withStartupAttempts(3);
    try {
      container.start();
      return new ContainerServer(container);
    } catch (IOException | RuntimeException e) {
      container.stop();
      throw e;
    }
  }

  @Override
  public String url() {
    return "nats://" + container.getHost() + ":" + port();
  }

  @Override
  public int port() {
    return container.getMappedPort(CLIENT);
  }

  @Override
  public int monitoringPort() {
    return container.getMappedPort(MONITORING);
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public void kill() throws IOException {
    signal("KILL");
    await("the killed server to be gone", () -> !container.isRunning());
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
    run(() -> docker.startContainerCmd(container.getContainerId()).exec());
    awaitReady();
  }

  @Override
  public void stop() throws IOException {
    run(
        () ->
            docker
                .stopContainerCmd(container.getContainerId())
                .withTimeout((int) PATIENCE.toSeconds())
                .exec());
  }

  @Override
  public void lameDuck() throws IOException {
    signal("USR2");
  }

  @Override
  public void reload(ServerConfig config) throws IOException {
    String before = monitored("/varz", LOADED);
    run(() -> container.copyFileToContainer(Transferable.of(config.text()), CONFIG));
    signal("HUP");
    await("the new configuration", () -> !monitored("/varz", LOADED).equals(before));
  }

  @Override
  public void close() {
    container.stop();
  }

  private void signal(String name) throws IOException {
    run(() -> docker.killContainerCmd(container.getContainerId()).withSignal(name).exec());
  }

  private void awaitReady() throws IOException {
    await(
        "the server to be ready",
        () -> {
          if (!container.isRunning()) {
            throw new IllegalStateException("the container ended");
          }
          return isReady();
        });
  }

  private boolean isReady() {
    try {
      return get("/healthz").statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private String monitored(String path, Pattern wanted) throws IOException {
    Matcher matcher = wanted.matcher(get(path).body());
    if (!matcher.find()) {
      throw new IOException(path + " does not say " + wanted);
    }
    return matcher.group(1);
  }

  private HttpResponse<String> get(String path) throws IOException {
    URI uri = URI.create("http://" + container.getHost() + ":" + monitoringPort() + path);
    try {
      return http.send(
          HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(2)).build(),
          BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void await(String what, Callable<Boolean> condition) throws IOException {
    try {
      Awaitility.await().pollInterval(Duration.ofMillis(20)).atMost(PATIENCE).until(condition);
    } catch (ConditionTimeoutException | IllegalStateException e) {
      throw new IOException(
          "waited in vain for %s: %s%n%s".formatted(what, e.getMessage(), container.getLogs()), e);
    }
  }

  private static void run(Runnable command) throws IOException {
    try {
      command.run();
    } catch (DockerException e) {
      throw new IOException(e);
    }
  }

  private static PortBinding bindToFreePort(int inContainer) {
    return PortBinding.parse("127.0.0.1:" + freePort() + ":" + inContainer);
  }

  /**
   * A port below the range from which the system serves outgoing connections, so that none of them
   * takes it while the server is stopped.
   */
  private static int freePort() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException taken) {
        // the next one, then
      }
    }
  }
}
