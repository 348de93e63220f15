package io.github.natsexperiments.basic;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Wrong words, wrong servers, wrong payloads: one line says what, and the exit code is the
 * documented one.
 */
class BasicFailuresIT {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  /** The program's only word is one ERROR line with these parts; it leaves with this code. */
  private static void failsInOneLine(RunningProgram program, int exitCode, String... parts) {
    assertThat(program.waitForExit()).isEqualTo(exitCode);
    assertThat(program.stdoutLines()).isEmpty();
    assertThat(program.stderrLines())
        .hasSize(1)
        .first()
        .asString()
        .startsWith("ERROR ")
        .contains(parts);
  }

  private static Stream<RunningProgram> bothTo(String url) {
    return Stream.of("publisher", "subscriber")
        .map(jar -> Program.jar(jar).args("-s", url).start());
  }

  @Test
  void noServerThere() {
    String url = "nats://localhost:" + Ports.closed();
    bothTo(url)
        .toList()
        .forEach(
            program -> {
              failsInOneLine(
                  program, 3, "Cannot reach " + url, "connection refused", "./lab server");
              assertThat(program.elapsed()).isLessThan(Duration.ofSeconds(6));
            });
  }

  @Test
  void unknownHost() {
    String url = "nats://no-such-host.invalid:4222";
    bothTo(url)
        .toList()
        .forEach(
            program -> {
              failsInOneLine(
                  program, 3, "Cannot reach " + url, "unknown host no-such-host.invalid");
              assertThat(program.elapsed()).isLessThan(Duration.ofSeconds(6));
            });
  }

  @Tag("soak")
  @Test
  void silentPortAndWebServer() throws IOException {
    HttpServer web =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    web.start();
    // The kernel accepts connections to the other one; nobody ever answers.
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String url = "nats://127.0.0.1:";
      String waits = url + silent.getLocalPort();
      List<RunningProgram> programs =
          Stream.concat(
                  Stream.of(silent.getLocalPort(), web.getAddress().getPort())
                      .flatMap(port -> bothTo(url + port)),
                  Stream.of(Program.jar("publisher").args("-s", waits, "--wait", "1s").start()))
              .toList();
      for (RunningProgram program : programs) {
        failsInOneLine(program, 3, "Cannot reach " + url, "no answer within 10.0 s");
        assertThat(program.elapsed()).isLessThan(Duration.ofSeconds(15));
      }
    } finally {
      web.stop(0);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "nats://",
        "nats://:4222",
        "http://localhost:4222",
        "nats://localhost:99999",
        "nats://localhost:port",
        "nats://a b",
        "nats://localhost:4222,,",
        "localhost:4222:1",
        "nats://localhost:"
      })
  void malformedUrl(String url) {
    bothTo(url)
        .toList()
        .forEach(program -> failsInOneLine(program, 2, "Invalid server URL", "nats://HOST:PORT"));
  }

  @Test
  void malformedUrlWithAToken() {
    RunningProgram program = Program.jar("publisher").args("-s", "t0ken@localhost:").start();
    failsInOneLine(program, 2, "Invalid server URL '***@localhost:'");
  }

  @Test
  void theEnvironmentIsTakenAsItIs() {
    RunningProgram program = Program.jar("publisher").env("NATS_URL", "nats://${x}$$:4222").start();
    failsInOneLine(program, 2, "Invalid server URL 'nats://${x}$$:4222'", "it is malformed");
  }

  @Test
  void malformedUrlInTheEnvironment() {
    failsInOneLine(
        Program.jar("publisher").env("NATS_URL", "").start(), 2, "NATS_URL", "it is empty");
  }

  @Test
  void secretsInAUrlStaySecret() {
    String url = "nats://me:s3cret@localhost:" + Ports.closed();
    bothTo(url)
        .toList()
        .forEach(
            program -> {
              failsInOneLine(program, 3, "Cannot reach nats://***@localhost:");
              assertThat(program.stderrLines()).noneMatch(line -> line.contains("s3cret"));
            });
  }

  static Stream<List<String>> wrongUsageOfThePublisher() {
    return Stream.of(
        List.of("--subject", "a b"),
        List.of("--subject", ".a"),
        List.of("--subject", "a..b"),
        List.of("--subject", ""),
        List.of("--subject", "foo.*"),
        List.of("-n", "-1"),
        List.of("-n", "0"),
        List.of("-n", "many"),
        List.of("-i", "-1s"),
        List.of("-i", "soon"),
        List.of("--size", "-5"),
        List.of("--nonsense"),
        List.of("surplus"),
        List.of("-t"),
        List.of("--reply"));
  }

  @ParameterizedTest
  @MethodSource
  void wrongUsageOfThePublisher(List<String> args) {
    failsInOneLine(
        publisher(server, args.toArray()).start(),
        2,
        Program.seeHelp("publisher"),
        args.get(args.size() - 1));
  }

  static Stream<List<String>> wrongUsageOfTheSubscriber() {
    return Stream.of(
        List.of("--subject", "a b"),
        List.of("--subject", "foo."),
        List.of("--queue", "a b"),
        List.of("-n", "-1"),
        List.of("-t", "5"),
        List.of("--request"));
  }

  @ParameterizedTest
  @MethodSource
  void wrongUsageOfTheSubscriber(List<String> args) {
    failsInOneLine(
        subscriber(server, args.toArray()).start(),
        2,
        Program.seeHelp("subscriber"),
        args.get(args.size() - 1));
  }

  @Test
  void textAndInputAtOnce() {
    RunningProgram publisher = publisher(server, "--stdin", "-m", "text").start();
    assertThat(publisher.waitForExit()).isEqualTo(2);
    publisher.waitForStderr("--stdin takes the payload from the input");
  }

  /** The JVM opens a file of its own in its place; those bytes are not the input. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void standardInputThatIsClosed() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    RunningProgram publisher =
        Program.command(
                "sh", "-c", "exec '" + java + "' -jar target/publisher.jar --stdin -n 3 <&-")
            .env("NATS_URL", server.url())
            .start();
    assertThat(publisher.waitForExit()).isEqualTo(1);
    assertThat(publisher.stdoutLines()).isEmpty();
    assertThat(publisher.stderrLines())
        .last()
        .isEqualTo("ERROR Cannot read standard input: Stream closed");
  }

  @Test
  void aSizeLargerThanTheMemory() {
    RunningProgram publisher = publisher(server, "--size", Integer.MAX_VALUE).start();
    assertThat(publisher.waitForExit()).isEqualTo(1);
    assertThat(publisher.stderrLines())
        .last()
        .asString()
        .startsWith("ERROR A message is larger than the 1048576 bytes");
  }

  @Test
  void aPayloadTooLargeLosesNoEarlierMessage() {
    // So many that some still wait in the publisher when it comes to the one that is too large.
    int before = 50_000;
    RunningProgram subscriber = waiting(subscriber(server, "-q", "-n", before, "-t", "15s"));
    String lines = "earlier\n".repeat(before) + "x".repeat(1_048_577) + "\nlater\n";
    RunningProgram publisher = publisher(server, "--stdin", "-q").stdin(lines).start();

    assertThat(publisher.waitForExit()).isEqualTo(1);
    assertThat(publisher.stderrLines())
        .last()
        .asString()
        .startsWith("ERROR A message is larger than the 1048576 bytes");
    assertThat(subscriber.waitForExit()).isZero();
    publisher.waitForStderr("Published " + before + " messages");
  }

  @Tag("soak")
  @Test
  void aReplyLargerThanTheServerTakes() throws IOException {
    ServerConfig small = new ServerConfig("small", "http: 8222\nmax_payload: 500\n");
    try (RunningServer server = TestServer.start(small)) {
      String reply = "x".repeat(600);
      RunningProgram subscriber = waiting(subscriber(server, "--reply", reply, "-n", 1));
      RunningProgram publisher = publisher(server, "-n", 1, "--request", "-t", "5s").start();
      assertThat(subscriber.waitForExit()).isEqualTo(1);
      assertThat(subscriber.stderrLines())
          .last()
          .asString()
          .startsWith("ERROR A message is larger than the 500 bytes");
      assertThat(publisher.waitForExit()).isEqualTo(5);
    }
  }

  @Test
  void givesUpWhenNothingComes() {
    RunningProgram subscriber = subscriber(server, "--subject", "nothing", "-t", "200ms").start();
    assertThat(subscriber.waitForExit()).isEqualTo(5);
    assertThat(subscriber.stderrLines())
        .last()
        .asString()
        .isEqualTo("ERROR Gave up: no message on \"nothing\" for 200 ms");
    subscriber.waitForStderr("Received 0 messages");
  }

  @Test
  void missingMessagesAreToldAndCounted() {
    RunningProgram subscriber = waiting(subscriber(server, "-n", 3, "-t", "15s"));
    assertThat(publisher(server, "--stdin").stdin("#0\n#1\n#5\n").start().waitForExit()).isZero();
    assertThat(subscriber.waitForExit()).isEqualTo(5);
    subscriber.waitForStderr("missing 3, duplicated 0");
  }

  @Test
  void theStackTraceIsForThoseWhoAsk() {
    String url = "nats://localhost:" + Ports.closed();
    RunningProgram publisher = Program.jar("publisher").args("-s", url, "--verbose").start();
    assertThat(publisher.waitForExit()).isEqualTo(3);
    publisher.waitForStderr("java.net.ConnectException");
  }

  @Test
  void helpAndVersion() {
    for (String jar : List.of("publisher", "subscriber")) {
      RunningProgram help = Program.jar(jar).args("--help").start();
      assertThat(help.waitForExit()).isZero();
      assertThat(help.stdoutLines())
          .contains("Examples:")
          .first()
          .asString()
          .startsWith("Usage: java -jar " + jar + ".jar");
      RunningProgram version = Program.jar(jar).args("-V").start();
      assertThat(version.waitForExit()).isZero();
      assertThat(version.stdoutLines())
          .hasSize(1)
          .first()
          .asString()
          .matches("NATS Experiments \\d+\\.\\d+\\.\\d+, jnats 2\\.\\d+\\.\\d+, JDK \\d+.*");
    }
  }

  @Test
  void theJarRunsAnywhere(@TempDir Path elsewhere) throws IOException {
    Path jar =
        Files.copy(
            Path.of("target", "publisher.jar"),
            elsewhere.resolve("moved.jar"),
            StandardCopyOption.REPLACE_EXISTING);
    RunningProgram publisher =
        Program.jar(jar).directory(elsewhere).args("-s", server.url(), "-n", 1).start();
    assertThat(publisher.waitForExit()).isZero();
  }
}
