package io.github.natsexperiments.server;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The package nats-server of Debian, Ubuntu and their like. It is not installed, only unpacked: all
 * that apt writes goes to a private folder, so neither root nor a clean-up is needed. apt checks
 * the archive's signature.
 *
 * @param aptGet the program apt-get
 * @param dpkg the program dpkg
 */
record DebianPackage(Path aptGet, Path dpkg) {

  private static final Logger LOG = LoggerFactory.getLogger(DebianPackage.class);
  private static final Duration UPDATE = Duration.ofMinutes(5);
  private static final Duration DOWNLOAD = Duration.ofMinutes(5);
  private static final Duration UNPACK = Duration.ofMinutes(1);

  /** What others hung into apt-get update, which would touch the system's own files. */
  private static final String NO_HOOKS =
      """
      #clear APT::Update::Pre-Invoke;
      #clear APT::Update::Post-Invoke;
      #clear APT::Update::Post-Invoke-Success;
      """;

  /**
   * Downloads and unpacks the package. The system's package lists are used as they are; when they
   * lack the package or are out of date, fresh ones are fetched, and thrown away afterwards.
   *
   * @param folder a private folder to work in
   * @return the executable, in that folder
   */
  Path fetch(Path folder) throws IOException {
    LOG.info("fetching the package nats-server with {}", aptGet);
    try {
      return download(folder, List.of());
    } catch (IOException e) {
      LOG.info("the system's package lists do not help ({}), fetching fresh ones", e.getMessage());
    }
    update(folder);
    return download(folder, freshLists(folder));
  }

  /** Fetches package lists into the folder; what fails there is judged by what is found later. */
  private void update(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("lists/partial"));
    try {
      aptGet(folder, freshLists(folder), UPDATE, "update");
    } catch (IOException e) {
      // One source of many that does not answer is no reason to give up.
      LOG.info("some package lists are missing: {}", e.getMessage());
    }
  }

  private Path download(Path folder, List<String> options) throws IOException {
    aptGet(folder, options, DOWNLOAD, "download", "nats-server");
    Path unpacked = folder.resolve("unpacked");
    try (DirectoryStream<Path> debs = Files.newDirectoryStream(folder, "nats-server_*.deb")) {
      for (Path deb : debs) {
        Command.run(
            List.of(dpkg.toString(), "-x", deb.toString(), unpacked.toString()), folder, UNPACK);
      }
    }
    for (String name : List.of("usr/sbin/nats-server", "usr/bin/nats-server")) {
      Path server = unpacked.resolve(name);
      if (Files.isExecutable(server)) {
        return server;
      }
    }
    throw new IOException("there is no nats-server in the package nats-server");
  }

  private void aptGet(Path folder, List<String> options, Duration limit, String... words)
      throws IOException {
    Path noHooks = Files.writeString(folder.resolve("apt.conf"), NO_HOOKS);
    Files.createDirectories(folder.resolve("apt/archives/partial"));
    List<String> command = new ArrayList<>();
    Collections.addAll(command, aptGet.toString(), "--quiet=2");
    Collections.addAll(command, "--config-file", noHooks.toString());
    Collections.addAll(command, "-o", "Dir::Cache=" + folder.resolve("apt"));
    // Started by root, apt would change to a user who may not write into our folder.
    Collections.addAll(command, "-o", "APT::Sandbox::User=root");
    Collections.addAll(command, "-o", "Acquire::Languages=none");
    Collections.addAll(command, "-o", "Acquire::Retries=1");
    Collections.addAll(command, "-o", "Acquire::http::Timeout=20");
    Collections.addAll(command, "-o", "Acquire::https::Timeout=20");
    command.addAll(options);
    Collections.addAll(command, words);
    Command.run(command, folder, limit);
  }

  private static List<String> freshLists(Path folder) {
    return List.of("-o", "Dir::State::Lists=" + folder.resolve("lists"));
  }
}
