package io.github.natsexperiments.token;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.nats.client.Connection;
import io.nats.client.Options;
import io.nats.client.api.KeyValueConfiguration;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A token made for one test, the server that knows its hash, and the two jars with it. */
record Login(String token, String hash) {

  /** What the lesson's own issuer makes. */
  static Login issue() {
    try {
      Path folder = Files.createTempDirectory("token-");
      RunningProgram issuer = Program.jar("issuer").args("--out", folder).start();
      if (issuer.waitForExit() != 0) {
        throw new AssertionError(issuer);
      }
      String token = Files.readString(folder.resolve("token")).strip();
      String line = Files.readString(folder.resolve("hash.env")).strip();
      for (String file : new String[] {"token", "hash.env", ".gitignore", ""}) {
        Files.delete(folder.resolve(file));
      }
      return new Login(token, line.replaceAll("NATS_TOKEN_HASH='(.*)'", "$1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The configuration of servers/token.conf, with the hash that it takes from the environment. */
  ServerConfig config() {
    return ServerConfig.profile("token").with("NATS_TOKEN_HASH", hash);
  }

  Program publisher(RunningServer server, Object... args) {
    return program("publisher", server, args).env("NATS_TOKEN", token);
  }

  Program subscriber(RunningServer server, Object... args) {
    return program("subscriber", server, args).env("NATS_TOKEN", token);
  }

  /** A program without any token. */
  static Program program(String jar, RunningServer server, Object... args) {
    return Program.jar(jar).env("NATS_URL", server.url()).args(args);
  }

  /** The token in a file, with the line's end that editors leave there. */
  Path in(Path file) throws IOException {
    Files.writeString(file, token + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  /** The login of the test's own connections. */
  Options.Builder options() {
    return Options.builder().token(token.toCharArray());
  }

  /** A connection of the test's own. */
  Connection connect(RunningServer server) throws IOException, InterruptedException {
    return Pair.connect(server, options());
  }

  /** The programs' bucket, in which no value is overwritten before a subscriber has seen it. */
  void bucketWithHistory(RunningServer server) throws Exception {
    try (Connection connection = connect(server)) {
      connection
          .keyValueManagement()
          .create(KeyValueConfiguration.builder("sample_kv").maxHistoryPerKey(64).build());
    }
  }
}
