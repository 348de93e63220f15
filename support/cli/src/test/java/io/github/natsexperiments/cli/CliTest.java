package io.github.natsexperiments.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.natsexperiments.resilience.ConnectFailedException;
import io.github.natsexperiments.resilience.Connector;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.nats.client.Options;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/** What a wrong command line is answered with. */
class CliTest {
  @Command(name = "sample.jar")
  private static final class Sample implements Callable<Integer> {
    @Mixin private Messages messages;

    @Override
    public Integer call() {
      return ExitCode.DONE;
    }
  }

  static final class Messages extends MessagePublisherOptions {}

  private final Sample sample = new Sample();
  private final CommandLine line = Cli.commandLine(sample);

  private String wrong(String... args) {
    try {
      line.parseArgs(args);
    } catch (ParameterException e) {
      return Cli.usage(e);
    }
    throw new AssertionError("no error");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--token=S3CRET",
        "--token S3CRET",
        "-q --token S3CRET",
        "--pass=a=S3CRET",
        "-xS3CRET",
        "-x S3CRET -y",
        "-qxS3CRET",
        "surplus --token=S3CRET",
        "surplus --token S3CRET",
        "nats://S3CRET@localhost:4222",
        "S3CRET@localhost",
        "-s nats://me:S3CRET@:4222",
        "-s nats://me:S3,CRET@host",
        "-s nats://host,nats://me:S3CRET@",
        "-i nats://S3CRET@host",
        "-H X-Key:S3CRET\rX",
        "-H X\u0001Y:S3CRET"
      })
  void noSecretIsEverRepeated(String args) {
    assertThat(wrong(args.split(" "))).isNotEmpty().doesNotContain("S3", "CRET");
  }

  @Test
  void namesTheOptionThatDoesNotExist() {
    assertThat(wrong("--token=S3CRET")).isEqualTo("Unknown option: '--token'");
    assertThat(wrong("--token", "S3CRET")).isEqualTo("Unknown option: '--token'");
    assertThat(wrong("-xS3CRET")).isEqualTo("Unknown option: '-x'");
    assertThat(wrong("surplus", "more")).isEqualTo("Unmatched argument: 'surplus'");
  }

  @ParameterizedTest
  @CsvSource({
    "-n, x, whole number",
    "-n, 1.5, whole number",
    "-n, 99999999999999999999, too large",
    "-n, -99999999999999999999, too large",
    "--size, x, whole number",
    "--size, 3000000000, too large",
    "-n, 0, 1 or more"
  })
  void numbersAreCalledWhatTheyAre(String option, String value, String words) {
    assertThat(wrong(option, value))
        .contains("'" + value + "'", words)
        .doesNotContain(" long", " int");
  }

  /** picocli hands on exceptions only. */
  @Test
  void anErrorIsOneLine() {
    @Command(name = "broken.jar")
    final class Broken implements Callable<Integer> {
      @Override
      public Integer call() {
        throw new OutOfMemoryError("Java heap space");
      }
    }
    PrintStream before = System.err;
    try {
      assertThat(Cli.run(new Broken(), new String[0])).isEqualTo(ExitCode.FAILED);
    } finally {
      System.setErr(before);
    }
  }

  /** Of a variable that is not set; it would be the folder that one is in. */
  @ParameterizedTest
  @ValueSource(strings = {"--creds", "--token-file", "--tlsca"})
  void aFileWithoutAName(String option) {
    assertThat(wrong(option, "")).contains(option, "names no file");
  }

  @Test
  void theValueOfAnOptionIsShownAsItIs() {
    assertThat(wrong("-i", "key@0")).contains("'key@0' is not a duration");
  }

  @Test
  void anAtIsText(@TempDir Path folder) throws IOException {
    String text = "@" + Files.writeString(folder.resolve("all"), "the content of a file");
    line.parseArgs("-m", text);
    assertThat(line.getParseResult().matchedOption("-m").<String>getValue()).isEqualTo(text);
  }

  @Test
  void theWholeCommandIsNamed() {
    String before = System.getProperty("java.class.path");
    try {
      System.setProperty("java.class.path", "01-basic/target/sample.jar");
      assertThat(Cli.command(line)).isEqualTo("java -jar 01-basic/target/sample.jar");
      System.setProperty("java.class.path", "my lessons/sample.jar");
      assertThat(Cli.command(line)).isEqualTo("java -jar \"my lessons/sample.jar\"");
      System.setProperty("java.class.path", "classes:other.jar:lib");
      assertThat(Cli.command(line)).isEqualTo("sample.jar");
    } finally {
      System.setProperty("java.class.path", before);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "' nats://a:1 , nats://b:2 ' | nats://a:1 nats://b:2",
        "nats://a:1,                 | nats://a:1",
        "'nats://a:1 , '             | nats://a:1",
        "'nats://a:1\n'              | nats://a:1",
        "nats://[::1]:4222           | nats://[::1]:4222",
        "[::1]:4222                  | [::1]:4222",
        "localhost                   | localhost",
        "nats://me:pw@h:1            | nats://me:pw@h:1"
      })
  void urlsAsPeopleWriteThem(String list, String urls) {
    line.parseArgs("-s", list);
    assertThat(String.join(" ", sample.messages.servers())).isEqualTo(urls);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",", ",,", "nats://a:1,,", ",nats://a:1", "nats://a:1,,nats://b:2"})
  void anEmptyUrlIsNotLocalhost(String list) {
    assertThat(wrong("-s", list)).contains("it is empty");
  }

  @Test
  void headers() {
    line.parseArgs("-n", "1");
    assertThat(sample.messages.headers()).isNull();
    line.parseArgs("-H", "A:1", "--header", "B: two: 2", "-H", "A:3");
    assertThat(sample.messages.headers().get("A")).containsExactly("1", "3");
    assertThat(sample.messages.headers().get("B")).containsExactly("two: 2");
    assertThat(Console.show(sample.messages.headers()))
        .contains("A: 1, A: 3", "B: two: 2")
        .startsWith(", headers = \"");
    assertThat(Console.show(null)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"novalue", ":x", "a b:1", "A:line\nbreak", "A\n:1", "A:b\rX: y", "A:1\n", "Ж:1"})
  void headersThatAreNone(String header) {
    assertThat(wrong("-H", header))
        .startsWith("Invalid value for --header")
        .doesNotContain("\n", "\r");
  }

  /** A connection that a library class makes later ends the program like the first one. */
  @ParameterizedTest
  @CsvSource({"-ERR 'Authorization Violation', 4", "-ERR 'maximum connections exceeded', 3"})
  void aConnectThatFailsInsideALibraryClass(String answer, int exitCode) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
      Thread refusing = new Thread(() -> refuse(server, answer));
      refusing.setDaemon(true);
      refusing.start();
      String url = "nats://localhost:" + server.getLocalPort();
      Options options = Options.builder().server(url).maxReconnects(0).build();
      ConnectFailedException e =
          catchThrowableOfType(ConnectFailedException.class, () -> Connector.connect(options));
      Stop.onSignals().fail(new Failure(ExitCode.FAILED, "the other connection is closed now"));
      assertThat(Cli.failure(e, false)).isEqualTo(exitCode);
      assertThat(Connections.failure(e, null)).hasMessageContaining(url);
    }
  }

  /** The end of the connection may be what the exception has brought about, not its cause. */
  @Test
  void whatWasThrownCountsMoreThanAConnectionThatIsClosed() {
    Stop.onSignals().fail(new Failure(ExitCode.UNREACHABLE, "The connection is closed"));
    IOException refused =
        new NotPermittedException("Permissions Violation for Publish to \"x\"", null);
    assertThat(Cli.failure(refused, false)).isEqualTo(ExitCode.NOT_AUTHORISED);
    assertThat(Cli.failure(new IOException("no answer"), false)).isEqualTo(ExitCode.FAILED);
    assertThat(Cli.failure(new IllegalStateException("Connection is Closed"), false))
        .isEqualTo(ExitCode.UNREACHABLE);
  }

  /** Paused, say, between the login and the first question. */
  @Test
  void aServerThatDoesNotAnswer() {
    String jnats = "Timeout or no response waiting for NATS JetStream server";
    assertThat(Cli.unexpected(new IOException(jnats)))
        .isEqualTo(jnats + ": is it paused, overloaded or gone? Start again");
    assertThat(Cli.unexpected(new IOException("other\nmore"))).isEqualTo("other");
    assertThat(Cli.unexpected(new IOException())).isEqualTo("IOException");
  }

  @AfterEach
  void forgetWhatAListenerHeard() {
    Stop.hold();
    Stop.release();
  }

  private static void refuse(ServerSocket server, String answer) {
    String info =
        "INFO {\"server_id\":\"X\",\"version\":\"2.15.1\",\"host\":\"localhost\",\"port\":1,"
            + "\"max_payload\":1048576,\"auth_required\":true}\r\n";
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        client.getOutputStream().write(info.getBytes(UTF_8));
        new BufferedReader(new InputStreamReader(client.getInputStream(), UTF_8)).readLine();
        client.getOutputStream().write((answer + "\r\n").getBytes(UTF_8));
        client.getInputStream().readAllBytes(); // until the client has had enough
      } catch (IOException e) {
        // the end of this client, or of the test
      }
    }
  }
}
