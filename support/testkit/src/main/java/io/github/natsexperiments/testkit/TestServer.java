package io.github.natsexperiments.testkit;

import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;

/**
 * A test's server. In a static field it lives as long as the class, in an instance field as long as
 * one test, which is what a test that ends its server wants:
 *
 * <pre>{@code
 * @RegisterExtension static final TestServer server = TestServer.profile("open");
 * @RegisterExtension final TestServer server = TestServer.profile("open");
 * }</pre>
 *
 * <p>After a failed test the next one gets a new server in either case. The system property {@code
 * nats.test.server} says what the server is: {@code container}, {@code native}, or {@code auto}: a
 * container when Docker answers, else native. The log says once which it was.
 */
public final class TestServer
    implements RunningServer,
        BeforeAllCallback,
        BeforeEachCallback,
        AfterEachCallback,
        AfterAllCallback {

  private static final AtomicBoolean SAID = new AtomicBoolean();

  private static final String WANTED =
      System.getProperty("nats.test.server", "auto").toLowerCase(Locale.ROOT);

  static {
    // A test's log is for the test: of the libraries that drive Docker only what went wrong, and
    // that there is no Docker only where one is wanted.
    quieten("org.testcontainers", "warn");
    quieten("tc", "warn");
    if (!WANTED.equals("container")) {
      quieten("org.testcontainers.dockerclient", "off");
    }
  }

  private final ServerConfig config;
  private RunningServer server;
  private Class<?> owner;

  private TestServer(ServerConfig config) {
    this.config = config;
  }

  /**
   * A server with the configuration of a profile.
   *
   * @param name one of {@link ServerConfig#PROFILES}
   */
  public static TestServer profile(String name) {
    return new TestServer(ServerConfig.profile(name));
  }

  /**
   * A server with a configuration of one's own.
   *
   * @param config the whole configuration
   */
  public static TestServer with(ServerConfig config) {
    return new TestServer(config);
  }

  /**
   * Starts a server that the caller closes, for a configuration that only the running test knows.
   *
   * @param config the whole configuration
   * @throws IOException when there is no server to be had; the message says what to install
   */
  public static RunningServer start(ServerConfig config) throws IOException {
    boolean inContainer =
        switch (WANTED) {
          case "container" -> true;
          case "native" -> false;
          case "auto" -> DockerClientFactory.instance().isDockerAvailable();
          default ->
              throw new IllegalArgumentException(
                  "nats.test.server is \"" + WANTED + "\"; it can be container, native or auto");
        };
    RunningServer server =
        inContainer ? ContainerServer.start(config) : NativeServer.start(config, 0);
    if (SAID.compareAndSet(false, true)) {
      LoggerFactory.getLogger(TestServer.class)
          .info(
              "Tests use {}{}, because {}",
              inContainer ? "" : "a native ",
              server.description(),
              !WANTED.equals("auto")
                  ? "nats.test.server says " + WANTED
                  : inContainer ? "Docker answered" : "no Docker answered");
    }
    return server;
  }

  private static void quieten(String logger, String level) {
    System.setProperty("org.slf4j.simpleLogger.log." + logger, level);
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    // Called again for each nested class, which shares the server of the class around it.
    if (owner == null) {
      owner = context.getRequiredTestClass();
      server = start(config);
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    if (server == null) {
      server = start(config);
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (owner == null || context.getExecutionException().isPresent()) {
      close();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (context.getRequiredTestClass() == owner) {
      close();
    }
  }

  @Override
  public String url() {
    return server.url();
  }

  @Override
  public int port() {
    return server.port();
  }

  @Override
  public int monitoringPort() {
    return server.monitoringPort();
  }

  @Override
  public String description() {
    return server.description();
  }

  @Override
  public void kill() throws IOException {
    server.kill();
  }

  @Override
  public void pause() throws IOException {
    server.pause();
  }

  @Override
  public void resume() throws IOException {
    server.resume();
  }

  @Override
  public void start() throws IOException {
    server.start();
  }

  @Override
  public void stop() throws IOException {
    server.stop();
  }

  @Override
  public void restart() throws IOException {
    server.restart();
  }

  @Override
  public void lameDuck() throws IOException {
    server.lameDuck();
  }

  @Override
  public void reload(ServerConfig config) throws IOException {
    server.reload(config);
  }

  @Override
  public void close() {
    if (server != null) {
      server.close();
      server = null;
    }
  }
}
