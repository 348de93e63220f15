package io.github.natsexperiments.cli;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one logger of a program. A class of its own, so that logging starts (50 ms) with the first
 * line, and not before the command line has been read.
 */
final class Log {
  static final Logger LOG = LoggerFactory.getLogger("nats");

  private Log() {}
}
