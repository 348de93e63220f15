package io.github.natsexperiments.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** The few words of the NATS protocol that these tests speak. */
final class Nats implements AutoCloseable {

  private final Socket socket;
  private final BufferedReader in;
  private final String info;

  Nats(RunningServer server) throws IOException {
    URI url = URI.create(server.url());
    socket = new Socket(url.getHost(), url.getPort());
    socket.setSoTimeout(5_000);
    in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    info = in.readLine();
    send("CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}");
    ping();
  }

  /** The server's greeting. */
  String info() {
    return info;
  }

  void setTimeout(int millis) throws IOException {
    socket.setSoTimeout(millis);
  }

  /** Returns when the server has answered. */
  void ping() throws IOException {
    send("PING");
    String answer = read();
    if (!"PONG".equals(answer)) {
      throw new IOException("no PONG but " + answer);
    }
  }

  /** The next line, without the INFO lines that may come at any time; null at the end. */
  String read() throws IOException {
    String line = in.readLine();
    while (line != null && line.startsWith("INFO ")) {
      line = in.readLine();
    }
    return line;
  }

  void createStream(String name) throws IOException {
    createStream(name, 1);
  }

  void createStream(String name, int replicas) throws IOException {
    String answer =
        request(
            "$JS.API.STREAM.CREATE." + name,
            "{\"name\":\"%s\",\"subjects\":[\"%s\"],\"num_replicas\":%d}"
                .formatted(name, name, replicas));
    if (answer.contains("\"error\"")) {
      throw new IOException(answer);
    }
  }

  /** Publishes to a stream; returns its ack, or what came instead. */
  String store(String subject) throws IOException {
    return request(subject, "");
  }

  /** What the stream's leader knows of it and of its replicas. */
  String streamInfo(String name) throws IOException {
    return request("$JS.API.STREAM.INFO." + name, "");
  }

  String streamNames() throws IOException {
    return request("$JS.API.STREAM.NAMES", "");
  }

  private String request(String subject, String payload) throws IOException {
    send("SUB answer 1");
    send("PUB " + subject + " answer " + payload.length() + "\r\n" + payload);
    read(); // MSG answer 1 LENGTH
    String answer = read();
    send("UNSUB 1");
    return answer;
  }

  private void send(String line) throws IOException {
    socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
  }

  /** GETs from the monitoring endpoint. */
  static String get(RunningServer server, String path) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + server.monitoringPort() + path);
    HttpURLConnection http = (HttpURLConnection) uri.toURL().openConnection(Proxy.NO_PROXY);
    http.setConnectTimeout(5_000);
    http.setReadTimeout(5_000);
    try (var body = http.getInputStream()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
