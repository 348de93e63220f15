package io.github.natsexperiments.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A nats-server that runs on this machine.
 *
 * @param path the executable, absolute
 * @param version what it says with {@code --version}, for example {@code 2.14.5}
 * @param origin where it was found, to be read after "from": {@code NATS_SERVER_PATH}, {@code the
 *     PATH} or {@code the cache}
 */
public record ServerBinary(Path path, String version, String origin) {
  /** The release that is downloaded where there is no nats-server. */
  public static final String RELEASE = Release.OFFICIAL.version();

  private static final Duration ANSWER = Duration.ofSeconds(20);
  private static final Pattern VERSION = Pattern.compile("nats-server: v?(\\S+)");

  /**
   * Finds a nats-server, or fetches one. The first of these that there is:
   *
   * <ol>
   *   <li>the file that the environment variable {@code NATS_SERVER_PATH} names; one that does not
   *       run is an error, nothing else is tried;
   *   <li>{@code nats-server} on the {@code PATH};
   *   <li>the cache: the folder {@code nats-experiments} in {@code $XDG_CACHE_HOME}, by default in
   *       {@code ~/.cache};
   *   <li>the official {@link #RELEASE} for this system, downloaded into the cache. Its SHA-256 is
   *       pinned here: an archive with another one is refused, and nothing else is tried;
   *   <li>on Debian, Ubuntu and their like, when the release cannot be downloaded: the
   *       distribution's package, fetched by {@code apt-get download} into the cache. It needs no
   *       root and changes nothing on the system.
   * </ol>
   *
   * A fetch takes seconds to minutes and is logged; two at once, in any number of processes, wait
   * for each other.
   *
   * @throws IOException when there is none; the message is one line that says why and what to
   *     install
   * @see <a href="https://docs.nats.io/concepts/getting-started">NATS documentation: installing
   *     nats-server</a>
   */
  public static ServerBinary find() throws IOException {
    try {
      Files.delete(Files.createTempFile("nats-experiments-", ".log"));
    } catch (IOException e) {
      throw new IOException(
          "the folder for temporary files, %s, cannot be written; JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=FOLDER names another one"
              .formatted(System.getProperty("java.io.tmpdir")),
          e);
    }
    return ServerFinder.ofThisMachine().find();
  }

  /** Asks an executable for its version: the proof that it is a nats-server and runs here. */
  static ServerBinary of(Path path, String origin) throws IOException {
    if (!Files.exists(path)) {
      throw new IOException("there is no such file");
    }
    if (Files.isDirectory(path)) {
      throw new IOException("that is a folder");
    }
    if (!Files.isExecutable(path)) {
      throw new IOException("that file is not executable");
    }
    String answer = Command.run(List.of(path.toString(), "--version"), ANSWER);
    Matcher version = VERSION.matcher(answer);
    if (!version.find()) {
      String line = answer.lines().findFirst().orElse("");
      throw new IOException("that is not a nats-server: --version prints \"" + line + "\"");
    }
    return new ServerBinary(path.toAbsolutePath(), version.group(1), origin);
  }
}
