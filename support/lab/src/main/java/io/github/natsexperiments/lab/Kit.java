package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.server.ServerConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a server that asks for a login needs, and its clients: secrets, so none are in the project.
 * When there are none on this machine, the lesson's own issuer makes them.
 */
enum Kit {
  /** Lesson 2: the whole configuration is made together with the credentials that fit it. */
  CREDS(Lesson.CREDS, "server.conf", "credentials") {
    @Override
    ServerConfig read() throws IOException {
      return new ServerConfig(profile(), Files.readString(marker()));
    }

    @Override
    List<String> option(String program) {
      List<String> options = new ArrayList<>();
      options.addAll(List.of("--creds", file(program + ".creds").toString())); // namesakes
      if (Files.exists(authority())) {
        options.addAll(List.of("--tlsca", authority().toString()));
      }
      return options;
    }
  },

  /** Lesson 6: the server knows the token's hash. */
  TOKEN(Lesson.TOKEN, "hash.env", "a token") {
    @Override
    ServerConfig read() throws IOException {
      String[] variable = Files.readString(marker()).strip().split("=", 2); // NAME='VALUE'
      if (variable.length < 2) {
        throw new IOException("there is no variable in it");
      }
      return ServerConfig.profile(profile()).with(variable[0], variable[1].replace("'", ""));
    }

    @Override
    List<String> option(String program) {
      return List.of("--token-file", file("token").toString());
    }
  };

  private final Lesson lesson;
  private final String marker; // the file that the server needs
  private final String contents;

  Kit(Lesson lesson, String marker, String contents) {
    this.lesson = lesson;
    this.marker = marker;
    this.contents = contents;
  }

  /** The kit of a server profile; null when it needs none. */
  static Kit of(String profile) {
    return Stream.of(values())
        .filter(kit -> kit.profile().equals(profile))
        .findFirst()
        .orElse(null);
  }

  /** The server's configuration, as the kit's files are now. */
  abstract ServerConfig read() throws IOException;

  /** The options that give a program its login: name and value, in turn. */
  abstract List<String> option(String program);

  /** The name of the server's profile, and of the kit's folder in the lesson's. */
  String profile() {
    return lesson.profile;
  }

  Lesson lesson() {
    return lesson;
  }

  /** A file of the kit, as seen from here when it is below. */
  Path file(String name) {
    return Lesson.seenFromHere(
        Lesson.root().resolve(lesson.folder).resolve(profile()).resolve(name));
  }

  Path marker() {
    return file(marker);
  }

  /**
   * The configuration as it is now; issues a kit when there is none, and says so.
   *
   * @param tls whether it must have certificates
   */
  ServerConfig serverConfig(boolean tls) throws Failure, InterruptedException {
    try {
      if (!Files.exists(marker())) {
        issue(marker().getParent(), tls);
      }
      if (tls && !Files.exists(authority())) {
        throw new Failure(
            ExitCode.FAILED,
            marker().getParent()
                + " is without certificates; a new kit has some: java "
                + Call.shown(
                    "-jar",
                    lesson.jar("issuer"),
                    "--tls",
                    "--force",
                    "--out",
                    marker().getParent()));
      }
      return read();
    } catch (IOException e) {
      throw new Failure(ExitCode.FAILED, "Cannot read " + marker() + ": " + e.getMessage(), e);
    }
  }

  /** The configuration as it is now; the one before when there is none to read. */
  ServerConfig current(ServerConfig before) {
    try {
      ServerConfig now = read();
      return now.equals(before) ? before : now;
    } catch (IOException e) {
      return before; // a kit that is just being replaced
    }
  }

  /** The secret in the file {@code token}. */
  String token() throws IOException {
    return Files.readString(file("token")).strip();
  }

  /** The certificate that says whom to trust, if the kit has certificates. */
  Path authority() {
    return file("tls").resolve("ca.pem");
  }

  private void issue(Path folder, boolean tls) throws Failure, IOException, InterruptedException {
    Path jar = lesson.builtJar("issuer");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> words = new ArrayList<>(List.of(java, "-jar", jar.toString(), "--out"));
    words.add(folder.toString());
    words.addAll(tls ? List.of("--tls") : List.of());
    Process issuer = new ProcessBuilder(words).redirectErrorStream(true).start();
    String said = new String(issuer.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // Another lab may have been faster; its kit is as good.
    if (issuer.waitFor() != 0 && !Files.exists(marker())) {
      throw new Failure(ExitCode.FAILED, "Cannot issue " + contents + ": " + said.strip());
    }
    System.err.println("Issued " + contents + " for this machine into " + folder);
  }
}
