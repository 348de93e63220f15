package io.github.natsexperiments.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerBinary;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.nats.client.api.CompressionOption;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.Mirror;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Servers, streams and machines as people have them: every program works there, or says in one line
 * why not, with the exit code that it documents.
 */
@Tag("soak")
class OddServersIT {
  private static final String JETSTREAM = "\nhttp: 8222\njetstream {}\n";
  private static final String LONG = "a".repeat(300);

  @TempDir private Path temporary;

  /** Of each lesson the publisher, then the subscriber, with these options beside the server's. */
  private static void pairsWork(RunningServer server, String... lessons) {
    for (String lesson : lessons) {
      if (lesson.compareTo("03") < 0) {
        RunningProgram subscriber = start(lesson + " subscriber -n 3 -t 20s", server.url());
        subscriber.waitForStderr("Waiting for");
        works(start(lesson + " publisher -n 3 -i 0", server.url()));
        works(subscriber);
      } else {
        works(start(lesson + " publisher -n 3 -i 0", server.url()));
        String count = lesson.compareTo("05") < 0 ? "3" : "1"; // a bucket keeps the last
        works(start(lesson + " subscriber -t 20s -n " + count, server.url()));
      }
    }
  }

  private static void works(RunningProgram program) {
    assertThat(program.waitForExit()).isZero();
    assertThat(program.stderrLines()).noneMatch(line -> line.matches("(WARN|ERROR) .*"));
  }

  /** Ends with this code, and with the only ERROR line. */
  private static void failsWith(int exitCode, String why, RunningProgram program) {
    assertThat(program.waitForExit()).isEqualTo(exitCode);
    assertThat(program.stderrLines())
        .filteredOn(line -> line.startsWith("ERROR "))
        .singleElement()
        .asString()
        .contains(why);
  }

  /** A program as in {@code "03 publisher -n 1"}. */
  private static Program program(String call) {
    String[] words = call.split(" ");
    Path jar = PermissionsIT.jar(words[0], words[1]);
    return Program.jar(jar).args(Stream.of(words).skip(2).toArray());
  }

  private static RunningProgram start(String call, String url) {
    return program(call).args("-s", url).start();
  }

  private static RunningServer server(String config) throws IOException {
    return TestServer.start(new ServerConfig("odd", config + JETSTREAM));
  }

  private static Connection connect(RunningServer server) throws Exception {
    return Nats.connect(server.url());
  }

  @ParameterizedTest
  @ValueSource(strings = {"max_payload: 512", "max_control_line: 256", "max_connections: 2"})
  void smallLimits(String config) throws IOException {
    try (RunningServer server = server(config)) {
      pairsWork(server, "01", "03", "04", "05", "06");
    }
  }

  @Test
  void aMessageLargerThanMaxPayload() throws IOException {
    try (RunningServer server = server("max_payload: 512")) {
      for (String call :
          List.of("01 publisher", "03 publisher", "03 publisher --async", "05 publisher --async")) {
        failsWith(1, "512", start(call + " -n 2 -i 0 --size 600", server.url()));
      }
      failsWith(1, "512", start("04 publisher -n 2 -i 0 --size 600", server.url()));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "01 publisher -n 1 --subject",
        "01 subscriber -n 1 -t 20s --subject",
        "03 publisher -n 1 --subject",
        "04 publisher -n 1 --subject",
        "05 publisher -n 1 --key",
        "06 publisher -n 1 --key"
      })
  void aSubjectLongerThanTheControlLine(String call) throws IOException {
    try (RunningServer server = server("max_control_line: 256")) {
      failsWith(1, "max_control_line", start(call + " " + LONG, server.url()));
      failsWith(2, "is too long: 4800 bytes", start(call + " " + LONG.repeat(16), server.url()));
    }
  }

  @Test
  void aControlLineTooShortForTheLogin() throws IOException {
    try (RunningServer server = server("max_control_line: 64")) {
      RunningProgram publisher = start("01 publisher -n 1", server.url());
      failsWith(1, "Cannot connect to " + server.url(), publisher);
      publisher.waitForStderr("max_control_line");
      assertThat(publisher.elapsed()).isLessThan(Duration.ofSeconds(5)); // connecting takes 10 s
    }
  }

  @Test
  void noConnectionIsLeft() throws Exception {
    try (RunningServer server = server("max_connections: 1");
        Connection first = connect(server)) {
      assertThat(first.getStatus()).isEqualTo(Connection.Status.CONNECTED);
      for (String call : List.of("01 publisher", "04 subscriber", "05 publisher")) {
        failsWith(3, "max_connections", start(call + " -n 1", server.url()));
      }
    }
  }

  @Test
  void anAccountThatHasUsedUpItsJetStream() throws Exception {
    String limits = "max_file: 3000, max_mem: 0, max_streams: 1, max_consumers: 1";
    String account =
        "accounts { A { jetstream { " + limits + " }, users: [{ user: u, password: p }] } }\n";
    try (RunningServer server = server(account + "no_auth_user: u")) {
      RunningProgram publisher = start("03 publisher -n 40 -i 0", server.url());
      failsWith(1, "messages were refused: they are not stored", publisher);
      publisher.waitForStderr("the account has used up its storage");
      int acks = publisher.stdoutLines().size();
      assertThat(acks).isBetween(1, 39);
      failsWith(1, "[10002]", start("04 publisher -n 5 -i 0", server.url()));
      works(start("03 subscriber -t 20s -n " + acks, server.url()));
      failsWith(1, "[10026]; the account has as many", start("04 subscriber -n 1", server.url()));
      failsWith(1, "maximum number of streams", start("05 publisher -n 1", server.url()));
    }
  }

  @Test
  void streamsThatKeepEverything() throws Exception {
    try (RunningServer server = server("");
        Connection connection = connect(server)) {
      JetStreamManagement management = connection.jetStreamManagement();
      management.addStream(
          StreamConfiguration.builder()
              .name("sample_stream")
              .subjects("foo")
              .denyDelete(true)
              .denyPurge(true)
              .build());
      pairsWork(server, "03", "04");

      management.updateStream(
          StreamConfiguration.builder(management.getStreamInfo("sample_stream").getConfiguration())
              .seal()
              .build());
      failsWith(1, "is sealed", start("04 publisher -n 1", server.url()));
      works(start("03 subscriber -n 3 -t 20s --durable later", server.url()));
      works(start("04 subscriber -n 3 -t 20s --durable last", server.url()));
    }
  }

  @Test
  void aConsumerThatIsPaused() throws Exception {
    try (RunningServer server = server("");
        Connection connection = connect(server)) {
      // An older server takes no notice of the pause.
      boolean pauses = connection.getServerInfo().isSameOrNewerThanVersion("2.11.0");
      works(start("03 publisher -n 3 -i 0", server.url()));
      Map<String, String> filters = Map.of("sample_durable", "foo", "callbacks", "");
      for (Map.Entry<String, String> consumer : filters.entrySet()) {
        connection
            .jetStreamManagement()
            .createConsumer(
                "sample_stream",
                ConsumerConfiguration.builder()
                    .durable(consumer.getKey())
                    .filterSubject(consumer.getValue().isEmpty() ? null : consumer.getValue())
                    .pauseUntil(ZonedDateTime.now().plusYears(1))
                    .build());
      }
      for (String call : List.of("03 subscriber", "04 subscriber")) {
        RunningProgram subscriber = start(call + " -n 3 -t 60s", server.url());
        if (pauses) {
          subscriber.waitForStderr("is paused, so nothing comes before ");
          String durable = call.startsWith("03") ? "sample_durable" : "callbacks";
          connection.jetStreamManagement().resumeConsumer("sample_stream", durable);
        }
        assertThat(subscriber.waitForExit()).isZero();
      }
    }
  }

  @Test
  void aBucketOfAnotherClient() throws Exception {
    try (RunningServer server = server("");
        Connection connection = connect(server)) {
      connection
          .keyValueManagement()
          .create(
              KeyValueConfiguration.builder("sample_kv")
                  .maxHistoryPerKey(64)
                  .compression(true)
                  .description("of another client")
                  .build());
      if (connection.getServerInfo().isSameOrNewerThanVersion("2.10.0")) {
        assertThat(
                connection
                    .jetStreamManagement()
                    .getStreamInfo("KV_sample_kv")
                    .getConfiguration()
                    .getCompressionOption())
            .isEqualTo(CompressionOption.S2);
      }
      pairsWork(server, "05", "06");
      works(start("05 publisher -n 70 -i 0 --async", server.url()));
      works(start("06 publisher -n 2 -i 0 --increment --key counter", server.url()));
      works(start("05 subscriber --get key", server.url()));

      connection
          .jetStreamManagement()
          .addStream(
              StreamConfiguration.builder()
                  .name("KV_copy")
                  .mirror(Mirror.builder().sourceName("KV_sample_kv").build())
                  .build());
      String copy = " -n 1 --bucket copy";
      failsWith(1, "mirror of bucket", start("05 publisher" + copy, server.url()));
      failsWith(1, "mirror of bucket", start("05 publisher --async" + copy, server.url()));
      for (String lesson : List.of("05", "06")) {
        works(start(lesson + " subscriber -t 20s --key counter" + copy, server.url()));
      }
    }
  }

  /** HOST:PORT stands for the server's. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          " nats://HOST:PORT "            | 0 |
          nats://HOST:PORT,               | 0 |
          "nats://HOST:PORT , nats://HOST:PORT" | 0 |
          HOST:PORT                       | 0 |
          ","                             | 2 | it is empty
          " "                             | 2 | it is empty
          nats://[::1:PORT                | 2 | it is malformed
          nats://[::1]:1                  | 3 | Cannot reach nats://[::1]:1
          """)
  void urlsInTheEnvironment(String url, int exitCode, String why) throws IOException {
    try (RunningServer server = server("")) {
      String hostAndPort = server.url().replace("nats://", "");
      String real =
          url.replace("HOST:PORT", hostAndPort)
              .replace("PORT", Integer.toString(URI.create(server.url()).getPort()));
      RunningProgram publisher = program("01 publisher -n 1").env("NATS_URL", real).start();
      if (exitCode == 0) {
        works(publisher);
      } else {
        failsWith(exitCode, why, publisher);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"'user: u, password: S3CRET', u:S3CRET, u:WRONG", "token: S3CRET, S3CRET, WRONG"})
  void aLoginInTheUrl(String login, String good, String wrong) throws IOException {
    try (RunningServer server = server("authorization { " + login + " }")) {
      for (String call :
          List.of("01 publisher", "03 publisher", "04 publisher", "05 publisher", "06 publisher")) {
        works(start(call + " -n 1", server.url().replace("nats://", "nats://" + good + "@")));
        RunningProgram refused =
            start(call + " -n 1", server.url().replace("nats://", "nats://" + wrong + "@"));
        failsWith(4, "Login rejected by nats://", refused);
        assertThat(refused.stderrLines()).noneMatch(line -> line.contains("WRONG"));
      }
    }
  }

  @Test
  void aSmallHeap() throws IOException {
    try (RunningServer server = server("")) {
      List<String> calls =
          List.of(
              "03 publisher -q -n 150 -i 0 --size 200000 --async",
              "03 subscriber -q -n 150 -t 60s",
              "04 subscriber -q -n 150 -t 60s",
              "05 publisher -q -n 150 -i 0 --size 200000 --async",
              "05 subscriber -q -n 1 -t 60s");
      for (String call : calls) {
        works(program(call).args("-s", server.url()).jvmArgs("-Xmx32m").start());
      }
    }
  }

  /** Lines that nobody can read are not printed lines. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "01 publisher -n 3 -i 0",
        "03 publisher -n 3 -i 0",
        "03 subscriber -n 3 -t 20s",
        "04 publisher -n 3 -i 0 --subject foo",
        "05 publisher -n 3 -i 0",
        "05 publisher -n 3 -i 0 --async",
        "05 subscriber --list",
        "06 publisher -n 3 -i 0",
        "lab info"
      })
  @EnabledOnOs(OS.LINUX) // others have no such file
  void standardOutputThatIsFull(String call) throws IOException {
    try (RunningServer server = server("")) {
      works(start("03 publisher -n 3 -i 0 -q", server.url()));
      works(start("05 publisher -n 3 -i 0 -q", server.url()));
      String[] words = call.split(" ");
      String jar =
          call.equals("lab info")
              ? Course.ROOT.resolve("support/lab/target/lab.jar") + "' info"
              : PermissionsIT.jar(words[0], words[1]) + "' " + String.join(" ", rest(words));
      RunningProgram program =
          Program.command("sh", "-c", "exec java -jar '" + jar + " > /dev/full")
              .env("NATS_URL", server.url())
              .env("NATS_TOKEN", "unused")
              .start();
      failsWith(1, "Cannot write to standard output: ", program);
    }
  }

  private static List<String> rest(String[] words) {
    return List.of(words).subList(2, words.length);
  }

  @Test
  void withoutAHomeAndInAFolderThatNobodyMayWriteTo() throws IOException {
    Path folder = Path.of("/proc"); // root may write to any other
    assumeTrue(folder.toFile().isDirectory());
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    try (RunningServer server = server("")) {
      for (String name : List.of("01 publisher", "03 publisher", "03 subscriber", "05 publisher")) {
        String[] words = name.split(" ");
        works(
            Program.command("env", "-u", "HOME", "-u", "USER", java, "-jar")
                .args(PermissionsIT.jar(words[0], words[1]), "-s", server.url(), "-n", 1)
                .directory(folder)
                .start());
      }
    }
  }

  /**
   * A disk that is full: the server is there, and answers nothing. A stream that gives no acks does
   * the same, and can be mended. What waits is reported within 5 s, and nothing is lost.
   */
  @ParameterizedTest
  @ValueSource(strings = {"03 publisher", "03 publisher --async", "04 publisher"})
  void aServerThatStoresNothingMore(String call) throws Exception {
    try (RunningServer server = server("");
        Connection connection = connect(server)) {
      JetStreamManagement management = connection.jetStreamManagement();
      RunningProgram publisher = start(call + " -n 60 -i 100ms", server.url());
      publisher.waitForStdout("Ack: ");
      acks(management, false);

      long since = System.nanoTime();
      publisher.waitForStderr(
          line -> line.matches("(?i).*(no ack|without ack|does not answer|without an answer).*"));
      assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Duration.ofSeconds(7));
      acks(management, true);

      assertThat(publisher.waitForExit()).isZero();
      assertThat(publisher.stdoutLines()).hasSize(60).allMatch(line -> line.startsWith("Ack: "));
    }
  }

  private static void acks(JetStreamManagement management, boolean given) throws Exception {
    StreamConfiguration now = management.getStreamInfo("sample_stream").getConfiguration();
    management.updateStream(StreamConfiguration.builder(now).noAck(!given).build());
  }

  /** Not only the programs: a lab whose server cannot store anything. */
  @Test
  void aDataFolderThatCannotBe() throws IOException {
    Path file = temporary.resolve("file");
    Files.createFile(file);
    Path lab = Course.ROOT.resolve("support/lab/target/lab.jar");
    List<Object> args = new ArrayList<>(List.of("server", "--port", 0, "--data", file));
    RunningProgram server =
        Program.jar(lab)
            .env("NATS_SERVER_PATH", ServerBinary.find().path().toString())
            .args(args.toArray())
            .start();
    failsWith(1, "Cannot start a server: ", server);
    assertThat(server.stderrLines()).hasSize(1);
  }
}
