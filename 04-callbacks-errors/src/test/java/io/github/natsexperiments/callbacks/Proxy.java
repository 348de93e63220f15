package io.github.natsexperiments.callbacks;

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

/** A piece of network between a program and its server, which can break at the worst moment. */
final class Proxy implements AutoCloseable {
  private final int serverPort;
  private final ServerSocket entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicBoolean cutAfterLogin = new AtomicBoolean();

  Proxy(int serverPort) throws IOException {
    this.serverPort = serverPort;
    start(this::accept);
  }

  String url() {
    return "nats://127.0.0.1:" + entrance.getLocalPort();
  }

  /** Breaks every connection, and the next one right after its login. */
  void cutTwice() throws IOException {
    cutAfterLogin.set(true);
    cut();
  }

  private void cut() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    sockets.clear();
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = entrance.accept();
      Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
      sockets.addAll(List.of(client, server));
      start(() -> pump(client, server, false));
      start(() -> pump(server, client, true));
    }
  }

  private void pump(Socket from, Socket to, boolean toClient) throws IOException {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[1 << 16];
      for (int length; (length = in.read(buffer)) > 0; ) {
        out.write(buffer, 0, length);
        // The answer to the ping that ends the login.
        String text = new String(buffer, 0, length, StandardCharsets.ISO_8859_1);
        if (toClient && text.contains("PONG") && cutAfterLogin.compareAndSet(true, false)) {
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
            });
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    entrance.close();
    cut();
  }
}
