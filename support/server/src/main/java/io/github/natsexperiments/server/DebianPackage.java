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
  private static final Duration LIMIT = Duration.ofMinutes(5);

  /** What we have to say to apt-get; #clear is for what others hung into it. */
  private static final String SETTINGS =
      """
      #clear APT::Update::Pre-Invoke;
      #clear APT::Update::Post-Invoke;
      #clear APT::Update::Post-Invoke-Success;
      Dir::Cache "FOLDER/apt";
      // Started by root, apt would change to a user who may not write into our folder.
      APT::Sandbox::User "root";
      Acquire::Languages "none";
      Acquire::Retries "1";
      Acquire::http::Timeout "20";
      Acquire::https::Timeout "20";
      """;

  private static final String FRESH_LISTS = "Dir::State::Lists \"FOLDER/lists\";\n";

  /**
   * Downloads and unpacks the package. The system's package lists are used as they are; when they
   * lack the package or are out of date, fresh ones are fetched, and thrown away afterwards.
   *
   * @param folder a private folder to work in
   * @return the executable, in that folder
   */
  Path fetch(Path folder) throws IOException {
    LOG.info("fetching the package nats-server with {}", aptGet);
    Files.createDirectories(folder.resolve("apt/archives/partial"));
    try {
      return download(folder, SETTINGS);
    } catch (IOException e) {
      LOG.info("the system's package lists do not help ({}), fetching fresh ones", e.getMessage());
    }
    Files.createDirectories(folder.resolve("lists/partial"));
    try {
      aptGet(folder, SETTINGS + FRESH_LISTS, "update");
    } catch (IOException e) {
      // One source of many that does not answer is no reason to give up.
      LOG.info("some package lists are missing: {}", e.getMessage());
    }
    return download(folder, SETTINGS + FRESH_LISTS);
  }

  private Path download(Path folder, String settings) throws IOException {
    aptGet(folder, settings, "download", "nats-server");
    Path unpacked = folder.resolve("unpacked");
    try (DirectoryStream<Path> debs = Files.newDirectoryStream(folder, "nats-server_*.deb")) {
      for (Path deb : debs) {
        Command.run(
            List.of(dpkg.toString(), "-x", deb.toString(), unpacked.toString()), folder, LIMIT);
      }
    }
    Path server = unpacked.resolve("usr/sbin/nats-server");
    if (!Files.isExecutable(server)) {
      throw new IOException("there is no /usr/sbin/nats-server in the package nats-server");
    }
    return server;
  }

  private void aptGet(Path folder, String settings, String... words) throws IOException {
    String text = settings.replace("FOLDER", folder.toString());
    Path file = Files.writeString(folder.resolve("apt.conf"), text);
    List<String> command = new ArrayList<>();
    Collections.addAll(command, aptGet.toString(), "--quiet=2", "--config-file", file.toString());
    Collections.addAll(command, words);
    Command.run(command, folder, LIMIT);
  }
}
