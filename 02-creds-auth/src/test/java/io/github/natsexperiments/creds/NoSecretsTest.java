package io.github.natsexperiments.creds;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The whole repository holds no seed, no JWT and no private key, in no lesson and no test. */
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
    // Tracked, and what somebody is about to add.
    RunningProgram git =
        Program.command("git", "ls-files", "--cached", "--others", "--exclude-standard")
            .directory(ROOT)
            .start();
    assertThat(git.waitForExit()).isZero();
    List<String> files = git.stdoutLines();
    assertThat(files).contains("02-creds-auth/pom.xml", "01-basic/pom.xml");
    assertThat(files)
        .filteredOn(file -> Files.isRegularFile(ROOT.resolve(file)))
        .allSatisfy(
            file ->
                assertThat(
                        SECRET
                            .matcher(
                                Files.readString(ROOT.resolve(file), StandardCharsets.ISO_8859_1))
                            .find())
                    .as(file)
                    .isFalse());
  }
}
