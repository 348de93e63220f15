package io.github.natsexperiments.server;

import java.util.Locale;

/** This machine's operating system and processor, in the words of the nats-server releases. */
final class Platform {
  static final String OS = os(System.getProperty("os.name"));
  static final String ARCH = arch(System.getProperty("os.arch"));
  static final boolean WINDOWS = OS.equals("windows");

  /** The executable's file name. */
  static final String NATS_SERVER = WINDOWS ? "nats-server.exe" : "nats-server";

  private Platform() {}

  static String os(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.startsWith("mac")) {
      return "darwin";
    }
    return lower.startsWith("windows") ? "windows" : lower;
  }

  static String arch(String name) {
    return switch (name) {
      case "x86_64", "amd64" -> "amd64";
      case "aarch64", "arm64" -> "arm64";
      default -> name;
    };
  }
}
