package io.github.natsexperiments.creds;

import static io.github.natsexperiments.creds.IssuedKit.failsWith;
import static io.github.natsexperiments.creds.IssuedKit.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.cli.Creds;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logins that are rejected, and logins that come to their end while a program runs. */
@Tag("soak")
class CredsLoginIT {
  /** 1 s on a quiet machine. */
  private static final Duration SOON = Duration.ofSeconds(3);

  private static final IssuedKit kit = IssuedKit.issue();
  private static final IssuedKit otherKit = IssuedKit.issue();
  @RegisterExtension static final TestServer server = TestServer.with(kit.serverConf());

  private static void isRejected(RunningProgram program, String... parts) {
    failsWith(4, program, parts);
    assertThat(program.stderrLines()).hasSize(1);
    assertThat(program.elapsed()).isLessThan(SOON);
  }

  private static void issue(String user, String expires) throws IOException {
    Files.deleteIfExists(kit.file(user + ".creds")); // of a first try
    kit.issuer("--user", user, "--allow-pub", "foo", "--allow-sub", "foo", "--expires", expires);
  }

  private static Instant expiry(String user) throws Exception {
    return Creds.parse(kit.file(user + ".creds")).user().expires();
  }

  @ParameterizedTest
  @ValueSource(strings = {"publisher", "subscriber"})
  void noCredentials(String jar) {
    RunningProgram program = Program.jar(jar).args("-s", server.url(), "-n", 1).start();
    isRejected(program, "Login rejected by " + server.url(), "it asks for credentials", "--creds");
  }

  @ParameterizedTest
  @ValueSource(strings = {"publisher", "subscriber"})
  void aUserOfAnotherOperator(String jar) {
    RunningProgram program =
        Program.jar(jar)
            .args("-s", server.url(), "-n", 1)
            .args("--creds", otherKit.file(jar + ".creds"))
            .start();
    isRejected(
        program,
        "Login rejected by " + server.url(),
        "does not know account \"LESSON\" of user \"" + jar + "\"",
        otherKit.file("server.conf").toString());
  }

  @Test
  void aUserOfAnotherOperatorWhoseKitIsElsewhere(@TempDir Path folder) throws IOException {
    Path alone = Files.copy(otherKit.file("publisher.creds"), folder.resolve("alone.creds"));
    RunningProgram program =
        Program.jar("publisher").args("-s", server.url(), "-n", 1, "--creds", alone).start();
    isRejected(program, "user \"publisher\" is revoked, or", "belongs to another operator");
  }

  @Test
  void aUserOfAKitThatHasBeenReplaced(@TempDir Path folder) throws IOException {
    Path old = Files.copy(otherKit.file("publisher.creds"), folder.resolve("old.creds"));
    Files.copy(kit.file("server.conf"), folder.resolve("server.conf"));
    RunningProgram program =
        Program.jar("publisher").args("-s", server.url(), "-n", 1, "--creds", old).start();
    isRejected(program, "user \"publisher\" belongs to account A", "which is not in ");
  }

  @Test
  void aJwtThatSomebodyChanged(@TempDir Path folder) throws IOException {
    String creds = Files.readString(kit.file("publisher.creds"));
    int end = creds.indexOf("\n------END NATS USER JWT") - 20; // within the signature
    char other = creds.charAt(end) == 'A' ? 'B' : 'A';
    Path changed =
        Files.writeString(
            folder.resolve("changed.creds"),
            creds.substring(0, end) + other + creds.substring(end + 1));
    RunningProgram program =
        Program.jar("publisher").args("-s", server.url(), "-n", 1, "--creds", changed).start();
    isRejected(program, "the signature does not fit");
  }

  @Test
  void aServerThatAsksForAToken() throws IOException {
    ServerConfig config =
        new ServerConfig("token", "http: 8222\nauthorization { token: example }\n");
    try (RunningServer token = TestServer.start(config)) {
      isRejected(
          kit.publisher(token, "publisher", "-n", 1).start(), "it asks for a token or a password");
    }
  }

  @Test
  void expiryBeforeAndWhileRunning() throws Exception {
    issue("short", "5s");
    RunningProgram publisher = kit.publisher(server, "short").start();
    RunningProgram subscriber = waiting(kit.subscriber(server, "short"));
    publisher.waitForStderr("until " + expiry("short"));

    for (RunningProgram program : new RunningProgram[] {publisher, subscriber}) {
      failsWith(4, program, "user \"short\"", "expired at " + expiry("short"), "--renew short");
      assertThat(Duration.between(expiry("short"), Instant.now()))
          .isBetween(Duration.ZERO, Duration.ofSeconds(5));
    }
    isRejected(kit.publisher(server, "short", "-n", 1).start(), "expired at " + expiry("short"));
  }

  @Test
  void credentialsRenewedInTime() throws Exception {
    issue("renewed", "12s"); // three programs start meanwhile
    RunningProgram subscriber = waiting(kit.subscriber(server, "renewed"));
    RunningProgram publisher = kit.publisher(server, "renewed", "-i", "100ms").start();
    publisher.waitForStdout("Hello #0");
    kit.issuer("--renew", "renewed", "--expires", "1h");

    for (RunningProgram program : new RunningProgram[] {publisher, subscriber}) {
      program.waitForStderr(
          "The server has ended the login; there are new credentials in the file");
      program.waitForStderr("Connected again to " + server.url());
    }
    int sent = publisher.stdoutLines().size();
    subscriber.waitForStdout("Hello #" + (sent + 5));
    publisher.sigterm();
    subscriber.sigterm();
    assertThat(publisher.waitForExit()).isEqualTo(143);
    assertThat(subscriber.waitForExit()).isEqualTo(143);
  }

  @Test
  void revocationBeforeAndWhileRunning() throws IOException {
    issue("leaver", "1h");
    RunningProgram publisher = kit.publisher(server, "leaver").start();
    RunningProgram subscriber = waiting(kit.subscriber(server, "leaver"));
    publisher.waitForStdout("Hello #0");
    kit.issuer("--revoke", "leaver").waitForStderr("--signal reload");
    server.reload(kit.serverConf());

    failsWith(4, publisher, "user \"leaver\" is revoked");
    failsWith(4, subscriber, "user \"leaver\" is revoked");
    isRejected(kit.publisher(server, "leaver", "-n", 1).start(), "user \"leaver\" is revoked");

    // The others stay, and a new key under the old name is welcome.
    assertThat(kit.publisher(server, "publisher", "-n", 1).start().waitForExit()).isZero();
    issue("leaver", "1h");
    assertThat(kit.publisher(server, "leaver", "-n", 1).start().waitForExit()).isZero();
  }

  @Test
  void expiryWhileTheServerIsAway() throws Exception {
    issue("late", "4s");
    RunningProgram publisher = kit.publisher(server, "late").start();
    publisher.waitForStdout("Hello #0");
    server.stop();
    publisher.waitForStderr("trying to connect again");
    Awaitility.await().until(() -> Instant.now().isAfter(expiry("late")));
    server.start();
    failsWith(4, publisher, "user \"late\"", "expired at " + expiry("late"));
  }

  @Test
  void aFileThatIsGoneWhenTheServerIsBack(@TempDir Path folder) throws IOException {
    Path creds = Files.copy(kit.file("publisher.creds"), folder.resolve("gone.creds"));
    RunningProgram publisher =
        Program.jar("publisher").args("-s", server.url(), "--creds", creds).start();
    publisher.waitForStdout("Hello #0");
    Files.delete(creds);
    server.restart();
    publisher.waitForStderr("gone.creds does not exist");
    Files.copy(kit.file("publisher.creds"), creds);
    publisher.waitForStderr("Connected again to " + server.url());
  }

  @Test
  void aFileOfAnotherOperatorWhenTheServerIsBack(@TempDir Path folder) throws IOException {
    Path creds = Files.copy(kit.file("subscriber.creds"), folder.resolve("other.creds"));
    RunningProgram subscriber =
        waiting(Program.jar("subscriber").args("-s", server.url(), "--creds", creds));
    Files.copy(otherKit.file("subscriber.creds"), creds, StandardCopyOption.REPLACE_EXISTING);
    server.restart();
    failsWith(4, subscriber, "The server rejects the login", "belongs to another operator");
  }
}
