package io.github.natsexperiments.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The lab and lesson 2, in a copy of the project that has no credentials yet. */
class CredsKitIT extends WithoutAKit {
  private static final Path KIT = Path.of("02-creds-auth", "creds");

  CredsKitIT() {
    super("02-creds-auth");
  }

  @Test
  void runsTheLessonWithAKitOfItsOwn() throws IOException {
    RunningProgram first = lab("run", "2", "-n", 3, "-i", 0);
    assertThat(first.waitForExit()).isZero();
    first.waitForStderr("lab | Issued credentials for this machine into " + KIT);
    first.waitForStderr("sub | INFO Received 3 messages");
    byte[] conf = Files.readAllBytes(project.resolve(KIT).resolve("server.conf"));

    RunningProgram second = lab("run", "2", "-n", 3, "-i", 0);
    assertThat(second.waitForExit()).isZero();
    assertThat(second.stderrLines()).noneMatch(line -> line.contains("Issued"));
    assertThat(project.resolve(KIT).resolve("server.conf")).hasBinaryContent(conf);
  }

  @Tag("soak")
  @Test
  void aServerWithTlsIsTrustedByThePrintedCommands() {
    RunningProgram lab = lab("server", "--tls", "creds", "--port", 0);
    // keytool makes the certificates.
    String next = lab.waitForStdout("publisher.jar --server nats://", Duration.ofMinutes(1));
    RunningProgram publisher = program((next.strip() + " -n 1").split(" "));
    assertThat(publisher.waitForExit()).isZero();
    lab.sigint();
    assertThat(lab.waitForExit()).isEqualTo(130);
  }

  @Tag("soak")
  @Test
  void saysHowToGetAKitWithCertificates() {
    assertThat(lab("run", "2", "-n", 1).waitForExit()).isZero();

    RunningProgram lab = lab("server", "creds", "--tls", "--port", 0);
    assertThat(lab.waitForExit()).isEqualTo(1);
    String message = lab.waitForStderr("is without certificates");
    RunningProgram issuer = program(message.replaceFirst(".*: (?=java )", "").split(" "));
    assertThat(issuer.waitForExit()).isZero();
  }

  @Tag("soak")
  @Test
  void takesTheReadersCredentials() {
    RunningProgram lab = lab("run", "2", "-n", 1, "--creds", KIT.resolve("publisher.creds"));
    assertThat(lab.waitForExit()).isEqualTo(4);
    lab.waitForStderr("sub | ERROR Refused by the server: Subscription to \"foo\"");
  }

  @Tag("soak")
  @Test
  @DisabledOnOs(OS.WINDOWS) // there a server cannot be told to read its configuration
  void aServerReadsWhoIsRevoked() {
    RunningProgram lab = lab("server", "--port", 0, "creds");
    // keytool makes the certificates.
    String next = lab.waitForStdout("publisher.jar --server nats://", Duration.ofMinutes(1));
    RunningProgram publisher = program(next.strip().split(" "));
    publisher.waitForStdout("Published");

    assertThat(program("java", "-jar", "02-creds-auth/target/issuer.jar", "--revoke", "publisher"))
        .satisfies(issuer -> assertThat(issuer.waitForExit()).isZero());

    lab.waitForStderr("The server has read its new configuration");
    assertThat(publisher.waitForExit()).isEqualTo(4);
    publisher.waitForStderr("user \"publisher\" is revoked");
    lab.sigint();
    assertThat(lab.waitForExit()).isEqualTo(130);
  }

  /** A line that the lab shows, typed as it is. */
  private RunningProgram program(String... line) {
    line[0] = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return Program.command(line).directory(project).start();
  }
}
