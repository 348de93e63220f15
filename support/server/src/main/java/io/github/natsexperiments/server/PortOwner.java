package io.github.natsexperiments.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Says who listens on a TCP port, for messages about a port that is taken. */
public final class PortOwner {

  private static final int TIMEOUT_MILLIS = 1000;
  private static final Pattern GREETING = Pattern.compile("^INFO \\{.*\"version\":\"([^\"]+)\"");
  private static final String LISTENING = "0A";

  private PortOwner() {}

  /**
   * Says in words who listens on a port of this machine's loopback address. Takes two seconds at
   * most.
   *
   * @param port a TCP port
   * @return for example {@code nats-server 2.9.10} when it greets like one, else on Linux {@code
   *     java (process 4711)} when that process may be seen, else {@code another program}
   * @see <a href="https://docs.nats.io/reference/reference-protocols/nats-protocol#info">NATS
   *     documentation: INFO, the server's greeting</a>
   */
  public static String describe(int port) {
    return greeting(port)
        .or(() -> process(port).map(pid -> name(pid) + " (process " + pid + ")"))
        .orElse("another program");
  }

  /**
   * The process that listens on a port of this machine.
   *
   * @param port a TCP port
   * @return its id; empty when it may not be seen, and always on other systems than Linux
   */
  public static Optional<Long> process(int port) {
    try {
      return listener(port);
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty(); // not ours to see
    }
  }

  private static Optional<String> greeting(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port),
          TIMEOUT_MILLIS);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      byte[] bytes = new byte[1024];
      int length = Math.max(0, socket.getInputStream().read(bytes));
      Matcher matcher = GREETING.matcher(new String(bytes, 0, length, StandardCharsets.UTF_8));
      return matcher.find() ? Optional.of("nats-server " + matcher.group(1)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<Long> listener(int port) throws IOException {
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      Path file = Path.of(table);
      if (!Files.isReadable(file)) {
        continue;
      }
      for (String line : Files.readAllLines(file)) {
        // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …
        String[] column = line.strip().split("\\s+");
        if (column[3].equals(LISTENING) && column[1].endsWith(":%04X".formatted(port))) {
          return holder("socket:[" + column[9] + "]");
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<Long> holder(String socket) throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      return processes
          .filter(process -> process.getFileName().toString().matches("\\d+"))
          .filter(process -> holds(process, socket))
          .findFirst()
          .map(process -> Long.valueOf(process.getFileName().toString()));
    }
  }

  private static boolean holds(Path process, String socket) {
    try (Stream<Path> files = Files.list(process.resolve("fd"))) {
      return files.anyMatch(file -> links(file, socket));
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  private static boolean links(Path file, String socket) {
    try {
      return Files.readSymbolicLink(file).toString().equals(socket);
    } catch (IOException e) {
      return false;
    }
  }

  private static String name(long process) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process), "comm")).strip();
    } catch (IOException e) {
      return "another program";
    }
  }
}
