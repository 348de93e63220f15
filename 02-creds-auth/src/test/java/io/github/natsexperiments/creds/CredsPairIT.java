package io.github.natsexperiments.creds;

import static io.github.natsexperiments.creds.IssuedKit.failsWith;
import static io.github.natsexperiments.creds.IssuedKit.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.AccountLimits;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the users of a new kit can do, and what they cannot. */
class CredsPairIT {
  private static final IssuedKit kit = IssuedKit.issue();
  @RegisterExtension static final TestServer server = TestServer.with(kit.serverConf());

  private static String received(int n) {
    return "Received a message from subject \"foo\" (reply = \"\"): Hello #%d from NATS publisher"
        .formatted(n);
  }

  @Test
  void everyMessageArrives() {
    RunningProgram subscriber =
        waiting(kit.subscriber(server, "subscriber", "-n", 1000, "-t", "15s"));
    RunningProgram publisher = kit.publisher(server, "publisher", "-n", 1000, "-i", 0).start();

    assertThat(publisher.waitForExit()).isZero();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines())
        .isEqualTo(IntStream.range(0, 1000).mapToObj(CredsPairIT::received).toList());
    publisher.waitForStderr(
        "Logged in as user \"publisher\", who may publish to foo and subscribe to nothing");
    assertThat(subscriber.waitForStderr("Received 1000 messages"))
        .endsWith("missing 0, duplicated 0");
  }

  @Test
  void theEnvironmentNamesTheFileToo() {
    RunningProgram publisher =
        Program.jar("publisher")
            .env("NATS_URL", server.url())
            .env("NATS_CREDS", kit.file("publisher.creds").toString())
            .args("-n", 1)
            .start();
    assertThat(publisher.waitForExit()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "publisher, subscriber, foo, Publish to \"foo\"",
    "publisher, publisher, bar, Publish to \"bar\"",
    "subscriber, publisher, foo, Subscription to \"foo\"",
    "subscriber, subscriber, bar, Subscription to \"bar\"",
    "subscriber, subscriber, >, Subscription to \">\"",
    "subscriber, subscriber, _INBOX.>, Subscription to \"_INBOX.>\"",
  })
  void whatIsNotAllowedEndsTheRun(String jar, String user, String subject, String refused) {
    RunningProgram program =
        Program.jar(jar)
            .args("-s", server.url(), "--creds", kit.file(user + ".creds"))
            .args("--subject", subject, "-n", 1)
            .start();
    failsWith(4, program, refused, "user \"" + user + "\", who may publish to");
  }

  @Test
  void aRefusalWhileRunningEndsTheRunToo() {
    // Without a count: nothing but the refusal can end it.
    RunningProgram publisher = kit.publisher(server, "publisher", "--subject", "bar").start();
    failsWith(4, publisher, "Publish to \"bar\"");
  }

  @Test
  void aNewUserNeedsNoWordToTheServer() {
    kit.issuer("--user", "both", "--allow-pub", "foo,news.*", "--allow-sub", "foo,news.>");
    RunningProgram subscriber =
        waiting(kit.subscriber(server, "both", "--subject", "news.>", "-n", 1, "--headers"));
    RunningProgram publisher =
        kit.publisher(server, "both", "--subject", "news.today", "-n", 1, "-H", "A:1").start();
    assertThat(publisher.waitForExit()).isZero();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines().get(0)).contains("(reply = \"\", headers = \"A: 1\")");
    failsWith(
        4, kit.publisher(server, "both", "--subject", "news.a.b", "-n", 1).start(), "news.a.b");
  }

  @Test
  void theAccountHasItsJetStreamLimits() throws Exception {
    kit.issuer("--user", "admin", "--allow-pub", ">", "--allow-sub", ">");
    Options options =
        Options.builder()
            .server(server.url())
            .connectionTimeout(Duration.ofSeconds(10))
            .authHandler(Nats.credentials(kit.file("admin.creds").toString()))
            .build();
    try (Connection connection = Nats.connect(options)) {
      AccountLimits limits = connection.jetStreamManagement().getAccountStatistics().getLimits();
      assertThat(limits.getMaxMemory()).isEqualTo(64 << 20);
      assertThat(limits.getMaxStorage()).isEqualTo(1 << 30);
      assertThat(limits.getMaxStreams()).isEqualTo(10);
      assertThat(limits.getMaxConsumers()).isEqualTo(100);
    }
  }

  @Test
  void aClientWithoutJnatsLogsInWithTheSameFiles() throws Exception {
    try (PlainClient subscriber = new PlainClient(server.url(), kit.file("subscriber.creds"));
        PlainClient publisher = new PlainClient(server.url(), kit.file("publisher.creds"))) {
      assertThat(subscriber.line()).isEqualTo("PONG");
      assertThat(publisher.line()).isEqualTo("PONG");
      subscriber.send("SUB foo 1\r\nPING");
      assertThat(subscriber.line()).isEqualTo("PONG");
      publisher.send("PUB foo 5\r\nhello");
      assertThat(List.of(subscriber.line(), subscriber.line()))
          .containsExactly("MSG foo 1 5", "hello");

      RunningProgram jnats = waiting(kit.subscriber(server, "subscriber", "-n", 1, "-t", "15s"));
      publisher.send("PUB foo 5\r\nagain");
      assertThat(jnats.waitForExit()).isZero();
      assertThat(jnats.stdoutLines())
          .containsExactly("Received a message from subject \"foo\" (reply = \"\"): again");

      publisher.send("PUB bar 3\r\nspy\r\nPING");
      assertThat(publisher.line()).isEqualTo("-ERR 'Permissions Violation for Publish to \"bar\"'");
    }
  }

  @Test
  void aServerThatAsksForNothingIsMentioned() throws Exception {
    try (RunningServer open = TestServer.start(ServerConfig.profile("open"))) {
      RunningProgram publisher = kit.publisher(open, "publisher", "-n", 1).start();
      assertThat(publisher.waitForExit()).isZero();
      publisher.waitForStderr("WARN The server asks for no login");
    }
  }
}
