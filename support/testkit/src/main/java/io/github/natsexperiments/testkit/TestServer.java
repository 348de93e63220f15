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

  static {
    // A test's log is for the test: of the libraries that drive Docker only what went wrong.
    for (String logger : new String[] {"org.testcontainers", "tc", "com.github.dockerjava"}) {
      System.setProperty("org.slf4j.simpleLogger.log." + logger, "warn");
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
   */
  public static RunningServer start(ServerConfig config) throws IOException {
    String wanted = System.getProperty("nats.test.server", "auto").toLowerCase(Locale.ROOT);
    boolean forced = !wanted.equals("auto");
    boolean inContainer =
        switch (wanted) {
          case "container" -> true;
          case "native" -> false;
          case "auto" -> DockerClientFactory.instance().isDockerAvailable();
          default ->
              throw new IllegalArgumentException(
                  "nats.test.server is \"" + wanted + "\"; it can be container, native or auto");
        };
    RunningServer server;
    try {
      server = inContainer ? ContainerServer.start(config) : NativeServer.start(config, 0);
    } catch (IOException | RuntimeException e) {
      throw new IOException(
          inContainer
              ? "no nats-server in a container: start Docker, and pull the image or name one that is"
                  + " there with -Dnats.image=NAME; or run a native one: -Dnats.test.server=native"
              : "no native nats-server: install one and put it on the PATH or name it in the"
                  + " environment variable NATS_SERVER_PATH; or start Docker",
          e);
    }
    if (SAID.compareAndSet(false, true)) {
      LoggerFactory.getLogger(TestServer.class)
          .info(
              "Tests use {}{}, because {}",
              inContainer ? "" : "a native ",
              server.description(),
              forced
                  ? "nats.test.server says " + wanted
                  : inContainer ? "Docker answered" : "no Docker answered");
    }
    return server;
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
