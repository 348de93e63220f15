package io.github.natsexperiments.creds;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The whole repository holds no seed, no JWT and no private key: in no lesson and in no test. */
class NoSecretsTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  /** A seed: S, whose, 56 letters. A JWT: three parts, of which the first begins with {". */
  private static final Pattern SECRET =
      Pattern.compile(
          "\\bS[OANCUX][A-Z2-7]{56}\\b"
              + "|\\beyJ[\\w-]{10,}\\.[\\w-]{10,}\\.[\\w-]{10,}"
              + "|-----BEGIN [A-Z ]*PRIVATE KEY-----");

  @Test
  void noFileHoldsASecret() throws IOException {
    List<Path> files = files();
    assertThat(files).contains(ROOT.resolve("pom.xml"), ROOT.resolve("02-creds-auth/pom.xml"));
    assertThat(files).filteredOn(NoSecretsTest::holdsASecret).isEmpty();
  }

  /** What git tracks and what somebody is about to add; without git, all that is no kit. */
  private static List<Path> files() throws IOException {
    if (Files.exists(ROOT.resolve(".git"))) {
      RunningProgram git =
          Program.command("git", "-c", "core.quotepath=off", "ls-files")
              .args("--cached", "--others", "--exclude-standard")
              .directory(ROOT)
              .start();
      assertThat(git.waitForExit()).isZero();
      return git.stdoutLines().stream().map(ROOT::resolve).filter(Files::isRegularFile).toList();
    }
    try (Stream<Path> all = Files.walk(ROOT)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> !file.toString().matches(".*[/\\\\](target|creds[/\\\\]keys)[/\\\\].*"))
          .filter(file -> !Files.exists(file.resolveSibling("operator.jwt")))
          .toList();
    }
  }

  private static boolean holdsASecret(Path file) {
    try {
      return SECRET.matcher(Files.readString(file, StandardCharsets.ISO_8859_1)).find();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
