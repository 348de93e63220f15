package io.github.natsexperiments.pages;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The permissions that lesson 2's page lists are enough for each program, and for nothing more. */
@Tag("soak")
class PermissionsIT {
  private static final String LESSON = "02-creds-auth";

  @TempDir private static Path folder;
  private static RunningServer server;

  /** What a program may do: publish, subscribe. */
  record Permissions(List<String> publish, List<String> subscribe) {
    Permissions without(String subject) {
      return new Permissions(remove(subject, publish), remove(subject, subscribe));
    }

    private static List<String> remove(String subject, List<String> from) {
      return from.stream().filter(each -> !each.equals(subject)).toList();
    }
  }

  /** The page's table, by programs: {@code 03 publisher}, {@code 01 subscriber --reply}. */
  private static Map<String, Permissions> table(String page) throws IOException {
    Path file = Course.ROOT.resolve(LESSON).resolve(page);
    Map<String, Permissions> table = new LinkedHashMap<>();
    for (Page.Table each : Page.read(Course.ROOT, file).tables()) {
      for (List<List<String>> row : each.code()) {
        for (String program : row.get(0)) {
          if (program.matches("\\d\\d (publisher|subscriber)( --[a-z]+)?")) {
            table.put(program, new Permissions(row.get(1), row.get(2)));
          }
        }
      }
    }
    return table;
  }

  @BeforeAll
  static void issue() throws IOException {
    issuer();
    issuer("--user", "admin", "--allow-pub", ">", "--allow-sub", ">");
    for (Map.Entry<String, Permissions> program : table("README.md").entrySet()) {
      issue(user(program.getKey()), program.getValue());
    }
    String config = Files.readString(folder.resolve("server.conf"));
    server = TestServer.start(new ServerConfig("creds", config));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** Each pair creates its own stream. */
  @BeforeEach
  void removeStreams() throws Exception {
    Options admin =
        Options.builder()
            .server(server.url())
            .authHandler(Nats.credentials(creds("admin").toString()))
            .build();
    try (Connection connection = Nats.connect(admin)) {
      JetStreamManagement management = connection.jetStreamManagement();
      for (String stream : management.getStreamNames()) {
        management.deleteStream(stream);
      }
    }
  }

  static Stream<String> publishers() throws IOException {
    return table("README.md").keySet().stream().filter(program -> program.contains("publisher"));
  }

  @ParameterizedTest
  @MethodSource("publishers")
  void areEnough(String publisher) {
    String lesson = publisher.substring(0, 2);
    boolean stored = lesson.compareTo("03") >= 0;
    if (stored) {
      succeeds(start(publisher)); // creates the stream or the bucket
    }
    RunningProgram subscriber =
        start(lesson + (publisher.endsWith("--request") ? " subscriber --reply" : " subscriber"));
    if (!stored) {
      subscriber.waitForStderr("Waiting for");
      succeeds(start(publisher));
    }
    succeeds(subscriber);
  }

  /** Each case: the program, the permission that is taken away. */
  @ParameterizedTest
  @CsvSource({
    "03 publisher,  _INBOX.>",
    "03 subscriber, $JS.API.CONSUMER.MSG.NEXT.sample_stream.sample_durable",
    "03 subscriber, $JS.ACK.sample_stream.sample_durable.>",
    "03 subscriber, _INBOX.>",
    "04 publisher,  foo",
    "04 publisher,  $JS.API.STREAM.INFO.sample_stream",
    "04 publisher,  $JS.API.STREAM.CREATE.sample_stream",
    "04 publisher,  _INBOX.>",
    "04 subscriber, $JS.API.CONSUMER.CREATE.sample_stream.callbacks",
    "04 subscriber, $JS.API.CONSUMER.MSG.NEXT.sample_stream.callbacks",
    "04 subscriber, $JS.ACK.sample_stream.callbacks.>",
    "04 subscriber, _INBOX.>",
    "05 publisher,  $JS.API.STREAM.INFO.KV_sample_kv",
    "05 subscriber, $JS.API.STREAM.INFO.KV_sample_kv",
    "06 publisher,  _INBOX.>",
  })
  void aMissingOneIsNamedOnce(String program, String missing) throws Exception {
    String lesson = program.substring(0, 2);
    if (!missing.contains("STREAM.CREATE")) {
      succeeds(start(lesson + " publisher"));
    }
    Permissions all = table("README.md").get(program);
    String user = issue("narrow-" + System.nanoTime(), all.without(missing));

    RunningProgram refused = start(program, user);

    assertThat(refused.waitForExit()).isEqualTo(4);
    String subject = missing.replace(">", "");
    assertThat(refused.stderrLines().stream().filter(line -> line.contains('"' + subject)))
        .filteredOn(line -> !line.startsWith("INFO event: ")) // lesson 4 shows what jnats hears
        .singleElement()
        .asString()
        .startsWith("ERROR Refused by the server: ");
  }

  @Test
  void areTheSameInBothLanguages() throws IOException {
    assertThat(table("README.md")).hasSize(15).isEqualTo(table("README.ru.md"));
  }

  private static RunningProgram start(String program) {
    return start(program, user(program));
  }

  private static RunningProgram start(String program, String user) {
    String[] words = program.split(" "); // lesson, jar, perhaps an option
    Path jar = jar(words[0], words[1]);
    List<Object> args =
        new ArrayList<>(List.of("-s", server.url(), "--creds", creds(user), "-n", 1));
    if (words.length > 2) {
      args.add(words[2]);
    }
    if (words[1].equals("subscriber")) {
      args.addAll(List.of("--timeout", "20s"));
    }
    return Program.jar(jar).args(args.toArray()).start();
  }

  private static void succeeds(RunningProgram program) {
    assertThat(program.waitForExit()).isZero();
    assertThat(program.stderrLines()).noneMatch(line -> line.matches("(WARN|ERROR) .*|.*violat.*"));
  }

  static Path jar(String lesson, String name) {
    try {
      return Course.lessons().stream()
          .filter(each -> each.getFileName().toString().startsWith(lesson))
          .map(each -> each.resolve("target").resolve(name + ".jar"))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String user(String program) {
    return program.replaceAll("[ -]+", "-");
  }

  private static Path creds(String user) {
    return folder.resolve(user + ".creds");
  }

  private static String issue(String user, Permissions may) {
    List<Object> args = new ArrayList<>(List.of("--user", user));
    if (!may.publish().isEmpty()) {
      args.addAll(List.of("--allow-pub", String.join(",", may.publish())));
    }
    if (!may.subscribe().isEmpty()) {
      args.addAll(List.of("--allow-sub", String.join(",", may.subscribe())));
    }
    issuer(args.toArray());
    return user;
  }

  private static void issuer(Object... args) {
    RunningProgram issuer =
        Program.jar(jar("02", "issuer")).args("--out", folder).args(args).start();
    assertThat(issuer.waitForExit()).isZero();
  }
}
