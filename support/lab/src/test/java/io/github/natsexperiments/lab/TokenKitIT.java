package io.github.natsexperiments.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The lab and lesson 6, in a copy of the project that has no token yet. */
class TokenKitIT extends WithoutAKit {
  private static final Path KIT = Path.of("06-kv-token", "token");

  TokenKitIT() {
    super("06-kv-token");
  }

  private String token() throws IOException {
    return Files.readString(project.resolve(KIT).resolve("token")).strip();
  }

  @Tag("soak")
  @Test
  void runsThePlainPairWithATokenOfItsOwn() throws IOException {
    RunningProgram plain = lab("run", "6", "--plain", "-n", 2, "-i", 0);
    assertThat(plain.waitForExit()).isZero();
    plain.waitForStderr("lab | Issued a token for this machine into " + KIT);
    plain.waitForStdout("sub | PUT key \"key\" (revision = \"2\"");
    String token = token();
    assertThat(plain.stderrLines()).noneMatch(line -> line.contains(token));
  }

  @Test
  void runsTheLessonWithATokenOfItsOwn() throws IOException {
    RunningProgram first = lab("run", "6", "-n", 2, "-i", "300ms");
    assertThat(first.waitForExit()).isZero();
    first.waitForStderr("lab | Issued a token for this machine into " + KIT);
    first.waitForStdout("sub | PUT key \"key\" (revision = \"2\"");
    String token = token();

    RunningProgram second = lab("run", "6", "-n", 2, "-i", "300ms", "--increment");
    assertThat(second.waitForExit()).isZero();
    second.waitForStdout("revision = \"2\", value = \"2\""); // an option with or without a value
    assertThat(second.stderrLines()).noneMatch(line -> line.contains("Issued"));
    assertThat(token()).isEqualTo(token);
    for (RunningProgram lab : List.of(first, second)) {
      assertThat(new String(lab.stderrBytes(), StandardCharsets.UTF_8)).doesNotContain(token);
      assertThat(new String(lab.stdoutBytes(), StandardCharsets.UTF_8)).doesNotContain(token);
    }
  }

  @Tag("soak")
  @Test
  @DisabledOnOs(OS.WINDOWS) // there a server cannot be told to read its configuration
  void aServerReadsTheNewToken() {
    RunningProgram lab = lab("server", "--port", 0, "token");
    String next = lab.waitForStdout("publisher.jar --server nats://");
    RunningProgram publisher = program(next.strip().split(" "));
    publisher.waitForStdout("Ack: ");

    assertThat(program("java", "-jar", "06-kv-token/target/issuer.jar", "--force").waitForExit())
        .isZero();

    lab.waitForStderr("The server has read its new configuration");
    publisher.waitForStderr("Connected again");
    RunningProgram another = program((next.strip() + " -n 1").split(" "));
    assertThat(another.waitForExit()).isZero();
    lab.sigint();
    assertThat(lab.waitForExit()).isEqualTo(130);
  }

  /** A line that the lab shows, typed as it is. */
  private RunningProgram program(String... line) {
    line[0] = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return Program.command(line).directory(project).start();
  }
}
