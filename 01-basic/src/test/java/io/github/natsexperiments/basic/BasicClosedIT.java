package io.github.natsexperiments.basic;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server begins to ask for a login that the program does not have, or refuses its subject. */
class BasicClosedIT {
  /** The 3 s of the contract, three times as wide for a busy machine. */
  private static final Duration AT_ONCE = Duration.ofSeconds(9);

  private static final Duration RECONNECT_WAIT = Duration.ofSeconds(5);

  private static final ServerConfig OPEN = ServerConfig.profile("open");

  private static final ServerConfig TOKEN =
      new ServerConfig("token", OPEN.text() + "\nauthorization { token: other }\n");

  private static final ServerConfig NARROW =
      new ServerConfig(
          "narrow",
          OPEN.text()
              + """

              authorization {
                users: [
                  {user: deaf, password: pw, permissions: {subscribe: {deny: ">"}}}
                  {user: mute, password: pw, permissions: {publish: {deny: "foo"}}}
                  {user: free, password: pw}
                ]
              }
              """);

  @RegisterExtension final TestServer server = TestServer.with(OPEN);

  /** One of the two jars with arguments. */
  private RunningProgram start(String command) {
    List<String> words = Arrays.asList(command.split(" "));
    return Program.jar(words.get(0))
        .env("NATS_URL", server.url())
        .args(words.subList(1, words.size()).toArray())
        .stdinPipe()
        .start();
  }

  /** jnats would log in once more, and then close the connection and call nobody. */
  @Tag("soak")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "publisher",
        "publisher -i 1h",
        "publisher -i 0 -q --size 2000",
        "publisher -i 0 -q",
        "publisher --stdin",
        "publisher --request -i 10ms -t 60s",
        "subscriber",
        "subscriber --queue workers --reply",
        "subscriber -q -t 60s -n 9"
      })
  void everyWaitEndsWhenTheConnectionIsClosedForGood(String command) throws IOException {
    RunningProgram reply = start("subscriber --reply");
    reply.waitForStderr("Waiting");
    RunningProgram program = start(command);
    program.waitForStderr("Connected");

    Duration before = program.elapsed();
    server.reload(TOKEN);

    assertThat(program.waitForExit()).isEqualTo(4);
    assertThat(program.elapsed().minus(before)).isLessThan(RECONNECT_WAIT.plus(AT_ONCE));
    List<String> lines = program.stderrLines();
    assertThat(lines.get(lines.size() - 2)).matches("INFO (Published|Received) \\d+ messages?,.*");
    assertThat(lines)
        .last()
        .asString()
        .startsWith("ERROR The server does not accept us any more: it asks for");
    assertThat(lines).filteredOn(line -> line.startsWith("ERROR")).hasSize(1);
  }

  /** The server's refusal is no answer to anything: it comes to the ErrorListener alone. */
  @Tag("more")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "mute Publish publisher -n 3",
        "mute Publish publisher -n 3 -i 0 -q",
        "mute Publish publisher",
        "deaf Subscription subscriber",
        "deaf Subscription subscriber --queue workers -t 30s -n 1",
        "deaf Subscription publisher --request -t 30s"
      })
  void aRefusedSubjectEndsTheRun(String words) throws IOException {
    server.reload(NARROW);
    String[] word = words.split(" ", 4);
    RunningProgram program =
        Program.jar(word[2])
            .env("NATS_URL", server.url().replace("nats://", "nats://" + word[0] + ":pw@"))
            .args((Object[]) (word.length < 4 ? new String[0] : word[3].split(" ")))
            .start();
    assertThat(program.waitForExit()).isEqualTo(4);
    assertThat(program.stderrLines())
        .last()
        .asString()
        .startsWith("ERROR Refused by the server: " + word[1] + " to \"");
    assertThat(program.stderrLines()).noneMatch(line -> line.contains("pw"));
  }

  /** Nothing but the subject of the run counts: the refusal of an answer ends nobody. */
  @Test
  void anotherRefusalIsAWarning() throws IOException {
    server.reload(NARROW);
    String url = server.url().replace("nats://", "nats://%s:pw@");
    RunningProgram replier =
        Program.jar("subscriber")
            .args("-s", url.formatted("mute"), "--subject", "bar", "--reply", "x", "-n", 2)
            .start();
    replier.waitForStderr("Waiting");
    try (io.nats.client.Connection free = io.nats.client.Nats.connect(url.formatted("free"))) {
      free.publish("bar", "foo", new byte[0]);
      replier.waitForStderr("WARN The server says: Permissions Violation for Publish to \"foo\"");
      free.publish("bar", new byte[0]);
      free.flush(Duration.ofSeconds(5));
    } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
      throw new AssertionError(e);
    }
    assertThat(replier.waitForExit()).isZero();
  }
}
