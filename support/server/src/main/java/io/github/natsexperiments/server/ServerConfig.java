package io.github.natsexperiments.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The configuration of a nats-server. A profile is one of the files in {@code servers/}; they name
 * no client port, no data directory and no monitoring port of their own machine, so the same text
 * serves a container and a native server.
 *
 * @param name short name for messages, for example {@code open}
 * @param text the configuration file's content
 * @see <a href="https://docs.nats.io/reference/config">NATS documentation: configuring
 *     nats-server</a>
 */
public record ServerConfig(String name, String text) {
  /** The profiles that come with the project. */
  public static final List<String> PROFILES = List.of("open", "token");

  /**
   * Reads a profile.
   *
   * @param name one of {@link #PROFILES}
   * @throws IllegalArgumentException when there is no such profile; the message lists those there
   *     are
   */
  public static ServerConfig profile(String name) {
    if (!PROFILES.contains(name)) {
      throw new IllegalArgumentException(
          "no server profile \"" + name + "\"; there is " + String.join(", ", PROFILES));
    }
    return new ServerConfig(name, read(name));
  }

  /** The text of a file in {@code servers/}. */
  static String read(String name) {
    try (InputStream in = ServerConfig.class.getResourceAsStream("/servers/" + name + ".conf")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The same configuration with a variable filled in, which nats-server would otherwise take from
   * its environment.
   *
   * @param variable its name, without the dollar sign
   * @param value what it stands for, without quotation marks in it
   */
  public ServerConfig with(String variable, String value) {
    return new ServerConfig(name, text.replace("$" + variable, '"' + value + '"'));
  }
}
