package io.github.natsexperiments.token;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a token can come from, and every way it can be wrong. */
class TokenLoginIT {
  /** A second on a quiet machine; with the wait of plain jnats it would be more than 10 s. */
  private static final Duration AT_ONCE = Duration.ofSeconds(7);

  private static final Login LOGIN = Login.issue();

  @RegisterExtension static final TestServer server = TestServer.with(LOGIN.config());

  @TempDir private Path folder;

  private static String error(RunningProgram program, int exitCode) {
    assertThat(program.waitForExit()).isEqualTo(exitCode);
    assertThat(program.elapsed()).isLessThan(AT_ONCE);
    assertThat(program.stdoutLines()).isEmpty();
    assertThat(program.stderrLines()).hasSize(1);
    return program.stderrLines().get(0);
  }

  private void works(Program publisher) {
    RunningProgram running = publisher.args("-n", 1).start();
    assertThat(running.waitForExit()).isZero();
    assertThat(running.stdoutLines()).hasSize(1);
    assertThat(running.stderrLines()).noneMatch(line -> line.startsWith("WARN"));
  }

  @Test
  void fromTheEnvironment() {
    works(LOGIN.publisher(server));
  }

  @Test
  void fromAFileBeforeTheEnvironment() throws IOException {
    Path file = LOGIN.in(folder.resolve("token"));
    works(Login.program("publisher", server, "--token-file", file).env("NATS_TOKEN", "other"));
  }

  @Test
  void fromTheUrlBeforeAnythingElse() {
    String url = server.url().replace("nats://", "nats://" + LOGIN.token() + "@");
    works(Program.jar("publisher").args("-s", url).env("NATS_TOKEN", "other"));
    works(Program.jar("publisher").env("NATS_URL", url));
  }

  /**
   * {@code script} gives the program a terminal, which shows what is typed, unless it is told not
   * to.
   */
  @Test
  @EnabledOnOs(OS.LINUX)
  void fromTheKeyboard() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    RunningProgram terminal =
        Program.command("script", "-qec", java + " -jar target/publisher.jar -n 1", "/dev/null")
            .env("NATS_URL", server.url())
            .stdinPipe()
            .start();
    terminal.waitForStdout("Token for " + server.url() + " (not shown): ");
    try {
      terminal.stdin().write((LOGIN.token() + "\n").getBytes());
      terminal.stdin().flush();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    assertThat(terminal.waitForExit()).isZero();
    terminal.waitForStdout("Ack: ");
    assertThat(terminal.stdoutLines()).noneMatch(line -> line.contains(LOGIN.token()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"publisher", "subscriber"})
  void wrongMissingEmpty(String jar) throws IOException {
    assertThat(error(Login.program(jar, server).env("NATS_TOKEN", "wrong").start(), 4))
        .isEqualTo(
            "ERROR Login rejected by "
                + server.url()
                + ": it does not accept the token in NATS_TOKEN");
    assertThat(error(Login.program(jar, server).start(), 4))
        .contains("it asks for a token or a password")
        .contains("name a file with --token-file, or set NATS_TOKEN");
    assertThat(error(Login.program(jar, server).env("NATS_TOKEN", " ").start(), 4))
        .isEqualTo("ERROR No login: the token in NATS_TOKEN is empty");

    Path missing = folder.resolve("missing");
    assertThat(error(Login.program(jar, server, "--token-file", missing).start(), 4))
        .startsWith("ERROR Token file " + missing + " does not exist");
    Path empty = Files.writeString(folder.resolve("empty"), "\n");
    assertThat(error(Login.program(jar, server, "--token-file", empty).start(), 4))
        .isEqualTo("ERROR Token file " + empty + " is empty");
    assertThat(error(Login.program(jar, server, "--token-file", folder).start(), 4))
        .startsWith("ERROR Token file " + folder + " is a directory");
  }

  @Test
  void aTokenOfAnyLetters() throws IOException {
    String token = "\nauthorization { token: \"a b\\\"c\\\\d❤\" }\n";
    ServerConfig config = new ServerConfig("odd", ServerConfig.profile("open").text() + token);
    try (RunningServer odd = TestServer.start(config)) {
      Path file = Files.writeString(folder.resolve("odd"), "a b\"c\\d❤\n");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      RunningProgram publisher =
          Login.program("publisher", odd, "-n", 1, "--token-file", file).start();
      assertThat(publisher.waitForExit()).isZero();
      publisher.waitForStdout("Ack: ");
      works(Login.program("publisher", odd).env("NATS_TOKEN", "a b\"c\\d❤").env("LC_ALL", "C"));
    }
  }

  @Test
  void aFileThatIsNoToken() throws IOException {
    Path file = Files.writeString(folder.resolve("long"), "x".repeat(5000));
    assertThat(error(Login.program("publisher", server, "--token-file", file).start(), 1))
        .contains("takes no line as long as the login");
  }

  @Test
  void theHashIsNoToken() {
    error(Login.program("publisher", server).env("NATS_TOKEN", LOGIN.hash()).start(), 4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"publisher", "subscriber"})
  void thereIsNoOptionForTheTokenItself(String jar) {
    RunningProgram program = Login.program(jar, server, "--token", "x").start();
    assertThat(error(program, 2)).contains("--token");
  }

  @Test
  void differentTokensInUrls() {
    String urls = "nats://one@127.0.0.1:4222,nats://two@127.0.0.1:4223";
    assertThat(error(Program.jar("publisher").args("-s", urls).start(), 2))
        .startsWith("ERROR The URLs hold different tokens: one program, one token");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aFileThatOthersCanRead() throws IOException {
    Path file = LOGIN.in(folder.resolve("token"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    RunningProgram publisher =
        Login.program("publisher", server, "--token-file", file, "-n", 1).start();
    assertThat(publisher.waitForExit()).isZero();
    publisher.waitForStderr("WARN Others can read the token in " + file + ": chmod 600 " + file);
  }

  @Test
  void aServerThatAsksForNone() throws IOException {
    try (RunningServer open = TestServer.start(ServerConfig.profile("open"))) {
      RunningProgram publisher = LOGIN.publisher(open, "-n", 1).start();
      assertThat(publisher.waitForExit()).isZero();
      publisher.waitForStderr(
          "WARN The server asks for no login, so it ignores the token in NATS_TOKEN: anybody may connect");
    }
  }

  @Test
  void theIssuerDoesNotMakeALessonsFolderElsewhere() throws IOException {
    assertThat(error(Program.jar("issuer").directory(folder).start(), 2))
        .contains("no folder 06-kv-token in " + folder.toRealPath(), "--out");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void theIssuerKeepsWhatIsThere() throws IOException {
    Path kit = folder.resolve("kit");
    assertThat(Program.jar("issuer").args("--out", kit).start().waitForExit()).isZero();
    List<Path> files = Stream.of("token", "hash.env").map(kit::resolve).toList();
    for (Path file : files) {
      if (!OS.WINDOWS.isCurrentOs()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .isEqualTo("rw-------");
      }
    }
    String token = Files.readString(files.get(0));
    assertThat(token.strip()).hasSize(43);

    RunningProgram again = Program.jar("issuer").args("--out", kit).start();
    assertThat(again.waitForExit()).isEqualTo(1);
    again.waitForStderr("--force replaces both");
    assertThat(Files.readString(files.get(0))).isEqualTo(token);

    RunningProgram forced = Program.jar("issuer").args("--out", kit, "--force").start();
    assertThat(forced.waitForExit()).isZero();
    String other = Files.readString(files.get(0));
    assertThat(other).isNotEqualTo(token);
    for (RunningProgram issuer : List.of(again, forced)) {
      assertThat(issuer.stderrLines()).noneMatch(line -> line.contains(token.strip()));
      assertThat(issuer.stderrLines()).noneMatch(line -> line.contains(other.strip()));
    }
  }

  @Tag("more")
  @Test
  void theIssuerKeepsWhatOthersHavePutThere() throws IOException {
    Path ignored = Files.writeString(folder.resolve(".gitignore"), "target\n");
    Path hash = Files.writeString(folder.resolve("hash.env"), "mine\n");
    assertThat(error(Program.jar("issuer").args("--out", folder).start(), 1))
        .contains("There is a token, or its hash, in " + folder, "--force");
    assertThat(hash).hasContent("mine");
    assertThat(folder.resolve("token")).doesNotExist();

    assertThat(Program.jar("issuer").args("--out", folder, "--force").start().waitForExit())
        .isZero();
    assertThat(hash).content().startsWith("NATS_TOKEN_HASH=");
    assertThat(ignored).hasContent("target");
  }
}
