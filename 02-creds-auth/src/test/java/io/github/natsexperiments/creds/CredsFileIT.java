package io.github.natsexperiments.creds;

import static io.github.natsexperiments.creds.IssuedKit.failsWith;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Everything that can be wrong with a credentials file is reported before a server is asked. */
class CredsFileIT {
  /** 1 s on a quiet machine. */
  private static final Duration SOON = Duration.ofSeconds(3);

  private static final IssuedKit kit = IssuedKit.issue();
  @RegisterExtension static final TestServer server = TestServer.with(kit.serverConf());

  @TempDir Path folder;

  private RunningProgram publish(Path creds) {
    return Program.jar("publisher").args("-s", server.url(), "-n", 1, "--creds", creds).start();
  }

  private static void isRefused(RunningProgram program, String why) {
    failsWith(4, program, "ERROR Credentials file ", why);
    assertThat(program.stderrLines()).hasSize(1); // no server was asked
    assertThat(program.elapsed()).isLessThan(SOON);
  }

  @ParameterizedTest
  @CsvSource({
    "missing,    does not exist",
    "directory,  is a directory",
    "empty,      is empty",
    "garbage,    is no credentials file",
    "jwt only,   has a JWT but no seed",
    "seed only,  has a seed but no JWT",
    "bad JWT,    its JWT cannot be read",
    "bad seed,   its seed has a wrong checksum",
    "other seed, has the seed of another user",
    "no user,    'holds the JWT of an operator, not of a user'",
  })
  void aFileThatIsOfNoUse(String what, String why) throws IOException {
    isRefused(publish(file(what)), why);
  }

  private Path file(String what) throws IOException {
    String good = Files.readString(kit.file("publisher.creds"));
    String seed = seed(good);
    Path file = folder.resolve("x.creds");
    return switch (what) {
      case "missing" -> file;
      case "directory" -> folder;
      case "empty" -> Files.writeString(file, "");
      case "garbage" -> Files.writeString(file, "the quick brown fox\n".repeat(100));
      case "jwt only" -> Files.writeString(file, good.substring(0, good.indexOf("****")));
      case "seed only" -> Files.writeString(file, good.substring(good.indexOf("****")));
      case "bad JWT" -> Files.writeString(file, good.replaceFirst("[.]", ""));
      case "bad seed" -> {
        char other = seed.charAt(9) == 'A' ? 'B' : 'A';
        yield Files.writeString(
            file, good.replace(seed, seed.substring(0, 9) + other + seed.substring(10)));
      }
      case "other seed" ->
          Files.writeString(
              file, good.replace(seed, seed(Files.readString(kit.file("subscriber.creds")))));
      case "no user" ->
          Files.writeString(
              file, good.replaceFirst("eyJ.*", Files.readString(kit.file("operator.jwt")).strip()));
      default -> throw new IllegalArgumentException(what);
    };
  }

  private static String seed(String creds) {
    return creds.lines().filter(line -> line.startsWith("SU")).findFirst().orElseThrow();
  }

  @Test
  void theSubscriberChecksItsFileToo() throws IOException {
    isRefused(
        Program.jar("subscriber").args("-s", server.url(), "--creds", file("bad seed")).start(),
        "its seed has a wrong checksum");
  }

  @Test
  void lineEndsOfWindowsAreFine() throws IOException {
    Path file = folder.resolve("crlf.creds");
    Files.writeString(file, Files.readString(kit.file("publisher.creds")).replace("\n", "\r\n"));
    assertThat(publish(file).waitForExit()).isZero();
  }

  @Test
  void aFileThatOthersCanReadGetsAWarning() throws IOException {
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    Path file = Files.copy(kit.file("publisher.creds"), folder.resolve("open.creds"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    RunningProgram publisher = publish(file);
    assertThat(publisher.waitForExit()).isZero();
    publisher.waitForStderr("WARN Others can read the secret in " + file + ": chmod 600");

    RunningProgram own = publish(kit.file("publisher.creds"));
    assertThat(own.waitForExit()).isZero();
    assertThat(own.stderrLines()).noneMatch(line -> line.startsWith("WARN"));
  }
}
