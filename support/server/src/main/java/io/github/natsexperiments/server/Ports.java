package io.github.natsexperiments.server;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** TCP ports of this machine's loopback address. */
public final class Ports {
  static final String LOOPBACK = "127.0.0.1";
  private static final int TRIES = 100;
  private static final int STARTS = 5;
  private static final int TIMEOUT_MILLIS = 1000;
  private static final Pattern GREETING = Pattern.compile("^INFO \\{.*\"version\":\"([^\"]+)\"");

  private Ports() {}

  /**
   * A free port between 20000 and 32000: below those that systems hand out to outgoing connections,
   * so that no client's own end can sit on it while its server is down.
   *
   * @throws BindException when a hundred random ones are all taken
   */
  public static int free() throws IOException {
    for (int attempt = 0; attempt < TRIES; attempt++) {
      int candidate = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      if (isFree(candidate)) {
        return candidate;
      }
    }
    throw new BindException("no free port between 20000 and 32000");
  }

  /** Whether nobody listens on the port, and a server may. */
  public static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(!Platform.WINDOWS);
      socket.bind(new InetSocketAddress(LOOPBACK, port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Several free ports, all different. */
  static List<Integer> free(int count) throws IOException {
    Set<Integer> ports = new HashSet<>();
    while (ports.size() < count) {
      ports.add(free());
    }
    return List.copyOf(ports);
  }

  interface Server extends AutoCloseable {
    void start() throws IOException;

    @Override
    void close();
  }

  interface Maker<T extends Server> {
    T make(List<Integer> ports) throws IOException;
  }

  /**
   * Starts a server, again on other ports if somebody was faster to take one; closes what does not
   * start.
   *
   * @param first the first of its client ports, the others being the next ones; 0 for free ones
   */
  static <T extends Server> T start(int first, int count, Maker<T> maker) throws IOException {
    for (int attempt = 1; ; attempt++) {
      List<Integer> ports =
          first == 0 ? free(count) : IntStream.range(first, first + count).boxed().toList();
      T server = maker.make(ports);
      try {
        server.start();
        return server;
      } catch (IOException | RuntimeException e) {
        server.close();
        // With ports that were asked for, only another monitoring port helps.
        boolean others = first == 0 || ports.stream().allMatch(Ports::isFree);
        if (!(e instanceof BindException && others && attempt < STARTS)) {
          throw e;
        }
      }
    }
  }

  /** Fails when a port is taken; the message says by which nats-server, if it is one. */
  static void requireFree(int port) throws BindException {
    if (!isFree(port)) {
      throw new BindException("port " + port + " is taken by " + owner(port));
    }
  }

  /** What greets like a nats-server is one. */
  private static String owner(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(LOOPBACK, port), TIMEOUT_MILLIS);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      byte[] bytes = new byte[1024];
      int length = Math.max(0, socket.getInputStream().read(bytes));
      Matcher matcher = GREETING.matcher(new String(bytes, 0, length, StandardCharsets.UTF_8));
      return matcher.find() ? "nats-server " + matcher.group(1) : "another program";
    } catch (IOException e) {
      return "another program";
    }
  }
}
