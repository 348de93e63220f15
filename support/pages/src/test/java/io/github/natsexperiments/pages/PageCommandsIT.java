package io.github.natsexperiments.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.natsexperiments.server.ServerBinary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Types what the pages tell the reader to type, and compares what comes. */
@Tag("soak")
class PageCommandsIT {

  private static final int CLUSTER = 3;

  /** While you write a page: {@code -Dpage=03} for those whose path begins so. */
  private static final String ONLY = System.getProperty("page", "");

  /** One test for each page; they share nothing, so they run side by side. */
  @TestFactory
  @Execution(ExecutionMode.CONCURRENT)
  Stream<DynamicTest> doesWhatThePageSays() throws IOException {
    assumeTrue(
        Stream.of("/usr/bin/setsid", "/bin/setsid").map(Path::of).anyMatch(Files::exists),
        "needs setsid, which Linux has: a terminal's Ctrl-C reaches a process group");
    ServerBinary server = ServerBinary.find();
    return Course.pages().stream()
        .filter(page -> page.name().startsWith(ONLY))
        .map(page -> DynamicTest.dynamicTest(page.name(), () -> run(page, server)));
  }

  private static void run(Page page, ServerBinary server) throws IOException {
    Path place = Path.of("target", "reader", page.name().replaceAll("\\W+", "-")).toAbsolutePath();
    int port = freePort();
    try (ReadersFolder folder = ReadersFolder.create(Course.ROOT, place);
        PageRun run =
            new PageRun(page, folder.path(), environment(server, port), server.version(), port)) {
      assertThat(run.run()).isEmpty();
    }
  }

  /** The machine's own, with this test's java and server, and ports that nobody else has. */
  private static Map<String, String> environment(ServerBinary server, int port) {
    Path java = Path.of(System.getProperty("java.home"));
    return Map.of(
        "JAVA_HOME",
        java.toString(),
        "PATH",
        java.resolve("bin") + ":" + System.getenv("PATH"),
        "NATS_SERVER_PATH",
        server.path().toString(),
        "NATS_LAB_PORT",
        Integer.toString(port),
        "NATS_URL",
        "nats://localhost:" + port);
  }

  /** The first of three in a row, as a cluster needs them. */
  private static int freePort() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      if (IntStream.range(port, port + CLUSTER).allMatch(PageCommandsIT::isFree)) {
        return port;
      }
    }
  }

  private static boolean isFree(int port) {
    try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
