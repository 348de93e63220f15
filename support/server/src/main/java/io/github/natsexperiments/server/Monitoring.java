package io.github.natsexperiments.server;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The HTTP monitoring endpoint of a nats-server on this machine. Waits one second for an answer.
 *
 * @param port its port
 * @see <a href="https://docs.nats.io/learn/monitoring/monitoring-endpoints">NATS documentation:
 *     monitoring</a>
 */
public record Monitoring(int port) {
  /** That JetStream has its data. In a cluster: that it has a leader, and is not behind it. */
  public static final String HEALTHY = "/healthz";

  private static final int HTTP_MILLIS = 1000;

  /**
   * GETs a page.
   *
   * @param path for example {@code /varz}
   * @return the body; empty when there is no answer, or one with another status than 200
   */
  public Optional<String> get(String path) {
    try {
      URI uri = URI.create("http://" + Ports.LOOPBACK + ":" + port + path);
      HttpURLConnection http = (HttpURLConnection) uri.toURL().openConnection(Proxy.NO_PROXY);
      http.setConnectTimeout(HTTP_MILLIS);
      http.setReadTimeout(HTTP_MILLIS);
      try (InputStream in = http.getInputStream()) {
        return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } finally {
        http.disconnect();
      }
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether a health page says "ok". */
  public boolean isHealthy(String path) {
    return get(path).filter(body -> body.contains("\"ok\"")).isPresent();
  }

  /** The server's version, as in {@code 2.14.5}; empty when it does not answer. */
  public Optional<String> version() {
    return variable("version");
  }

  /** When the server last read its configuration; empty when it does not answer. */
  public Optional<String> configLoadTime() {
    return variable("config_load_time");
  }

  private Optional<String> variable(String name) {
    Pattern text = Pattern.compile("\"" + name + "\":\\s*\"([^\"]+)\"");
    return get("/varz").map(text::matcher).filter(Matcher::find).map(found -> found.group(1));
  }
}
