package io.github.natsexperiments.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;

/**
 * Sends java.util.logging, which jnats uses, through SLF4J so that all lines look alike. The JDK
 * makes one when its logging starts; a program that never logs that way does not pay for it.
 */
public final class JulBridge {
  /** Called by {@link LogManager} through the property {@code java.util.logging.config.class}. */
  public JulBridge() throws IOException {
    String configuration = "handlers = org.slf4j.bridge.SLF4JBridgeHandler\n.level = INFO\n";
    LogManager.getLogManager()
        .readConfiguration(
            new ByteArrayInputStream(configuration.getBytes(StandardCharsets.ISO_8859_1)));
  }
}
