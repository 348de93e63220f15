package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.server.ServerConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The profile {@code creds}: the configuration is not in {@code servers/}, because it is made
 * together with the credentials that fit it. When there is none, the lesson's own issuer makes it.
 */
final class CredsKit {
  static final String PROFILE = "creds";
  static final String LESSON = "02-creds-auth";

  private CredsKit() {}

  /** A file of the kit, as seen from here when it is below. */
  static Path file(String name) {
    Path file = Lesson.root().resolve(LESSON).resolve("creds").resolve(name);
    Path here = Path.of("").toAbsolutePath();
    return file.startsWith(here) ? here.relativize(file) : file;
  }

  /** The configuration as it is now; issues a kit when there is none, and says so. */
  static ServerConfig serverConfig() throws Failure, InterruptedException {
    Path conf = file("server.conf");
    try {
      if (!Files.exists(conf)) {
        issue(conf.getParent());
      }
      return new ServerConfig(PROFILE, Files.readString(conf));
    } catch (IOException e) {
      throw new Failure(ExitCode.FAILED, "Cannot read " + conf + ": " + e.getMessage(), e);
    }
  }

  /** The configuration as it is now; the one before when there is none to read. */
  static ServerConfig current(ServerConfig before) {
    try {
      String text = Files.readString(file("server.conf"));
      return text.equals(before.text()) ? before : new ServerConfig(PROFILE, text);
    } catch (IOException e) {
      return before; // a kit that is just being replaced
    }
  }

  private static void issue(Path folder) throws Failure, IOException, InterruptedException {
    Path jar = Lesson.find(LESSON).jar("issuer");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process issuer =
        new ProcessBuilder(List.of(java, "-jar", jar.toString(), "--out", folder.toString()))
            .redirectErrorStream(true)
            .start();
    String said = new String(issuer.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // Another lab may have been faster; its kit is as good.
    if (issuer.waitFor() != 0 && !Files.exists(folder.resolve("server.conf"))) {
      throw new Failure(ExitCode.FAILED, "Cannot issue credentials: " + said.strip());
    }
    System.err.println("Issued credentials for this machine into " + folder);
  }
}
