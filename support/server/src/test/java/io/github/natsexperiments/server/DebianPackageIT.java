package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** Fetches the real package with the real apt-get, as this user. */
@Tag("soak")
@EnabledIf(value = "isDebian", disabledReason = "this is no Debian")
class DebianPackageIT {

  private static final Path APT_GET = Path.of("/usr/bin/apt-get");
  private static final Path DPKG = Path.of("/usr/bin/dpkg");

  @TempDir Path folder;

  static boolean isDebian() {
    return Files.isExecutable(APT_GET) && Files.isExecutable(DPKG);
  }

  @Test
  void fetchesTheDistributionsServer() throws IOException {
    Path server = new DebianPackage(APT_GET, DPKG).fetch(work());
    assertThat(ServerBinary.of(server, "").version()).matches("2\\.\\d+\\.\\d+.*");
  }

  /** A machine whose package lists were never fetched, and with a source that does not answer. */
  @Test
  void fetchesListsOfItsOwnAndBearsADeadSource() throws IOException {
    Path sources = Files.createDirectory(folder.resolve("sources"));
    Files.writeString(sources.resolve("dead.list"), "deb http://127.0.0.1:1/ stable main\n");
    copySources(sources);
    Path lists = Files.createDirectories(folder.resolve("none/partial")).getParent();
    Path configuration =
        Files.writeString(
            folder.resolve("apt.conf"),
            "Dir::Etc::SourceParts \"%s\";\nDir::State::Lists \"%s\";\n".formatted(sources, lists));
    Path aptGet = folder.resolve("apt-get");
    Files.writeString(
        aptGet, "#!/bin/sh\nAPT_CONFIG='%s' exec %s \"$@\"\n".formatted(configuration, APT_GET));
    assertThat(aptGet.toFile().setExecutable(true)).isTrue();

    Path server = new DebianPackage(aptGet, DPKG).fetch(work());

    assertThat(ServerBinary.of(server, "").version()).matches("2\\.\\d+\\.\\d+.*");
    try (var files = Files.list(lists)) {
      assertThat(files).as("lists of the system").containsExactly(lists.resolve("partial"));
    }
  }

  private Path work() throws IOException {
    return Files.createDirectory(folder.resolve("work"));
  }

  private static void copySources(Path target) throws IOException {
    try (var files = Files.list(Path.of("/etc/apt/sources.list.d"))) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
  }
}
