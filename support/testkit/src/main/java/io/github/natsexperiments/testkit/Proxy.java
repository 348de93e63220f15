package io.github.natsexperiments.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A piece of network between a program and its server, which can break at the worst moment. It
 * listens on loopback only.
 *
 * <pre>{@code
 * try (Proxy proxy = new Proxy(server.port())) {
 *   Connection connection = Nats.connect(proxy.url());
 *   proxy.cut();
 * }
 * }</pre>
 */
public final class Proxy implements AutoCloseable {
  private static final long SILENCE_CHECK_NANOS = 5_000_000;

  private final int serverPort;
  private final ServerSocket entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicBoolean cutAfterLogin = new AtomicBoolean();
  private volatile boolean toServer = true;
  private volatile boolean toClient = true;
  private volatile boolean closed;

  /**
   * @param serverPort where the server listens, on this machine
   */
  public Proxy(int serverPort) throws IOException {
    this.serverPort = serverPort;
    start(this::accept);
  }

  /** What to connect to in place of the server. */
  public String url() {
    return "nats://127.0.0.1:" + entrance.getLocalPort();
  }

  /** Breaks every connection; the next ones work. */
  public void cut() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    sockets.clear();
  }

  /** Breaks every connection, and the next one right after its login. */
  public void cutTwice() throws IOException {
    cutAfterLogin.set(true);
    cut();
  }

  /** Keeps every connection open, and lets nothing through until {@link #speak}. */
  public void silence() {
    toServer = false;
    toClient = false;
  }

  /** Lets through what goes to the server, and holds back what it answers, until {@link #speak}. */
  public void silenceServer() {
    toClient = false;
  }

  /** Lets everything through again, also what was held back. */
  public void speak() {
    toServer = true;
    toClient = true;
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = entrance.accept();
      Socket server;
      try {
        server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
      } catch (IOException e) {
        client.close(); // no server there just now
        continue;
      }
      sockets.addAll(List.of(client, server));
      start(() -> pump(client, server, false));
      start(() -> pump(server, client, true));
    }
  }

  private void pump(Socket from, Socket to, boolean answers) throws IOException {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[1 << 16];
      for (int length; (length = in.read(buffer)) > 0; ) {
        while (!closed && !(answers ? toClient : toServer)) {
          LockSupport.parkNanos(SILENCE_CHECK_NANOS);
        }
        out.write(buffer, 0, length);
        // The answer to the ping that ends the login.
        String text = new String(buffer, 0, length, StandardCharsets.ISO_8859_1);
        if (answers && text.contains("PONG") && cutAfterLogin.compareAndSet(true, false)) {
          return;
        }
      }
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private static void start(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException e) {
                // The end of a connection, or of the proxy.
              }
            },
            "proxy");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    closed = true;
    entrance.close();
    cut();
  }
}
