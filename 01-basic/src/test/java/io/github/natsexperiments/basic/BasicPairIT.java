package io.github.natsexperiments.basic;

import static io.github.natsexperiments.testkit.Pair.publisher;
import static io.github.natsexperiments.testkit.Pair.received;
import static io.github.natsexperiments.testkit.Pair.subscriber;
import static io.github.natsexperiments.testkit.Pair.waiting;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the pair does while nothing goes wrong. */
class BasicPairIT {
  private static final String HELLO = "Hello #%d from NATS publisher";

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private static List<String> hellos(int from, int to) {
    return IntStream.range(from, to).mapToObj(n -> received("foo", HELLO.formatted(n))).toList();
  }

  /** Ctrl-C drains: what the server had for the subscriber is printed before it ends. */
  private static List<String> everythingOf(RunningProgram subscriber) {
    subscriber.sigint();
    assertThat(subscriber.waitForExit()).isEqualTo(130);
    return subscriber.stdoutLines();
  }

  @Test
  void subscriberFirstGetsEveryMessageInOrder() {
    RunningProgram subscriber = waiting(subscriber(server, "-n", 1000, "-t", "15s"));
    RunningProgram publisher = publisher(server, "-n", 1000, "-i", 0).start();

    assertThat(publisher.waitForExit()).isZero();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines()).isEqualTo(hellos(0, 1000));
    assertThat(publisher.stdoutLines())
        .hasSize(1000)
        .startsWith("Published a message to subject \"foo\": Hello #0 from NATS publisher");
    publisher.waitForStderr("Published 1000 messages, 29890 bytes in ");
    assertThat(subscriber.waitForStderr("Received 1000 messages, 29890 bytes in "))
        .endsWith("missing 0, duplicated 0");
  }

  @Test
  void publisherFirstSpeaksToNobody() {
    RunningProgram early = publisher(server, "-n", 3, "-i", 0).start();
    assertThat(early.waitForExit()).isZero();

    RunningProgram subscriber = subscriber(server, "-n", 2, "-t", "15s").start();
    assertThat(subscriber.waitForStderr("Waiting for messages")).contains("earlier ones are gone");
    publisher(server, "-n", 2, "-i", 0, "-m", "late #{n}").start().waitForExit();

    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines())
        .containsExactly(received("foo", "late #0"), received("foo", "late #1"));
  }

  @Test
  void membersOfAQueueGroupShareTheMessages() {
    List<RunningProgram> members =
        Stream.generate(() -> waiting(subscriber(server, "--queue", "workers"))).limit(3).toList();
    assertThat(publisher(server, "-n", 3000, "-i", 0).start().waitForExit()).isZero();

    List<String> all = new ArrayList<>();
    for (RunningProgram member : members) {
      all.addAll(everythingOf(member));
      assertThat(member.stdoutLines()).isNotEmpty();
      assertThat(member.stderrLines()).noneMatch(line -> line.contains("missing"));
    }
    assertThat(all).containsExactlyInAnyOrderElementsOf(hellos(0, 3000));
  }

  @Test
  void aMemberWithACountLeavesTheRestToTheOthers() {
    RunningProgram three = waiting(subscriber(server, "--queue", "g", "-n", 3, "-t", "15s"));
    RunningProgram rest = waiting(subscriber(server, "--queue", "g", "-n", 97, "-t", "15s"));
    publisher(server, "-n", 100, "-i", 0).start().waitForExit();

    assertThat(three.waitForExit()).isZero();
    assertThat(rest.waitForExit()).isZero();
    assertThat(Stream.of(three, rest).flatMap(member -> member.stdoutLines().stream()))
        .containsExactlyInAnyOrderElementsOf(hellos(0, 100));
  }

  @Tag("soak")
  @ParameterizedTest
  @CsvSource({
    "foo,   foo",
    "foo.*, foo.bar",
    "*.bar, foo.bar",
    "foo.>, foo.bar foo.bar.baz",
    ">,     foo foo.bar foo.bar.baz"
  })
  void wildcardsMatchTokens(String pattern, String matching) {
    RunningProgram subscriber = waiting(subscriber(server, "--subject", pattern));
    for (String subject : List.of("foo", "foo.bar", "foo.bar.baz")) {
      publisher(server, "--subject", subject, "-n", 1, "-m", "x").start().waitForExit();
    }
    assertThat(everythingOf(subscriber))
        .isEqualTo(Stream.of(matching.split(" ")).map(s -> received(s, "x")).toList());
  }

  @Test
  void aRequestGetsItsReply() {
    RunningProgram subscriber =
        waiting(subscriber(server, "--reply", "Спасибо", "-n", 3, "-t", "15s"));
    RunningProgram publisher = publisher(server, "--request", "-n", 3, "-i", 0).start();

    assertThat(publisher.waitForExit()).isZero();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(publisher.stdoutLines())
        .hasSize(3)
        .allMatch(line -> line.startsWith("Received a message from subject \"_INBOX."))
        .allMatch(line -> line.endsWith("(reply = \"\"): Спасибо"));
    assertThat(subscriber.stdoutLines())
        .first()
        .asString()
        .matches(
            "Received a message from subject \"foo\" \\(reply = \"_INBOX\\..+\"\\): Hello #0 .*");
  }

  @Test
  void aRequestThatNobodyAnswersSaysSoAtOnce() {
    RunningProgram publisher =
        publisher(server, "--subject", "deaf", "--request", "-t", "15s", "-n", 1).start();

    assertThat(publisher.waitForExit()).isEqualTo(5);
    assertThat(publisher.stderrLines()).last().asString().contains("No responders", "\"deaf\"");
    assertThat(publisher.elapsed()).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void aRequestGivesUpWhenTheSubscriberDoesNotReply() {
    RunningProgram silent = waiting(subscriber(server, "--subject", "mute"));
    RunningProgram publisher =
        publisher(server, "--subject", "mute", "--request", "-t", "300ms", "-n", 1).start();

    assertThat(publisher.waitForExit()).isEqualTo(5);
    assertThat(publisher.stderrLines()).last().asString().contains("No reply on \"mute\" in time");
    silent.waitForStdout("Hello #0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Привет {n}", "🚀 to the 月", "tab\tand \"quotes\" 'and' $HOME %s {n}"})
  void anyTextArrivesInAnyLocale(String text) {
    RunningProgram subscriber =
        waiting(subscriber(server, "-n", 1, "-t", "15s").env("LC_ALL", "C").env("LANG", "C"));
    RunningProgram publisher =
        publisher(server, "-n", 1, "-m", text).env("LC_ALL", "C").env("LANG", "C").start();

    assertThat(publisher.waitForExit()).isZero();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines()).containsExactly(received("foo", text.replace("{n}", "0")));
  }

  /** Who may publish must not move the cursor of who reads. */
  @Test
  void aSubjectCannotSteerTheTerminal() throws Exception {
    RunningProgram subscriber = waiting(subscriber(server, "--subject", "odd.>", "-n", 1));
    String odd = "CONNECT {}\r\nPUB odd.\u001b r\u001b[2J 1\r\nx\r\n"; // jnats refuses that reply
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.getOutputStream().write(odd.getBytes(UTF_8));
      assertThat(subscriber.waitForExit()).isZero();
    }
    assertThat(subscriber.stdoutLines())
        .containsExactly(
            "Received a message from subject \"odd.\\u001b\" (reply = \"r\\u001b[2J\"): x");
  }

  @Test
  void emptyLargeAndBinaryPayloadsArriveUnchanged() throws IOException {
    int megabyte = 1 << 20;
    RunningProgram subscriber = waiting(subscriber(server, "-n", 4, "-t", "15s"));
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    lines.write("\n".getBytes(UTF_8));
    lines.write(("я".repeat(megabyte / 2) + "\n").getBytes(UTF_8));
    lines.write(new byte[] {0, 1, (byte) 0xfe, (byte) 0xff, '\n'});
    lines.write("\u001b[31mred\r\n".getBytes(UTF_8));

    assertThat(publisher(server, "--stdin", "-q").stdin(lines.toByteArray()).start().waitForExit())
        .isZero();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(subscriber.stdoutLines())
        .containsExactly(
            received("foo", ""),
            received("foo", "я".repeat(megabyte / 2)),
            received("foo", "(binary, 4 bytes) 0001feff"),
            received("foo", "\\u001b[31mred"));
  }

  @Test
  void publishesLinesAsTheyCome() throws IOException {
    RunningProgram subscriber = waiting(subscriber(server, "-n", 2, "-t", "15s"));
    RunningProgram publisher = publisher(server, "--stdin").stdinPipe().start();
    for (String line : List.of("one", "two")) {
      publisher.stdin().write((line + "\n").getBytes(UTF_8));
      publisher.stdin().flush();
      subscriber.waitForStdout(received("foo", line)); // before the next line, and before the end
    }
    publisher.stdin().close();
    assertThat(publisher.waitForExit()).isZero();
    assertThat(subscriber.waitForExit()).isZero();
  }

  @Test
  void quietPrintsTheSummaryOnly() {
    RunningProgram subscriber = waiting(subscriber(server, "-n", 5, "-q", "-t", "15s"));
    RunningProgram publisher = publisher(server, "-n", 5, "-i", 0, "-q", "--size", 128).start();

    assertThat(publisher.waitForExit()).isZero();
    assertThat(subscriber.waitForExit()).isZero();
    assertThat(publisher.stdoutBytes()).isEmpty();
    assertThat(subscriber.stdoutBytes()).isEmpty();
    subscriber.waitForStderr("Received 5 messages, 640 bytes");
    assertThat(subscriber.stderrBytes()).doesNotContain('\r'); // no progress bar in a file
  }

  @Test
  void aSecondServerIsTriedWhenTheFirstIsDead() {
    String urls = "nats://localhost:" + Ports.closed() + "," + server.url();
    RunningProgram publisher = publisher(server, "-s", urls, "-n", 1).start();
    assertThat(publisher.waitForExit()).isZero();
    publisher.waitForStderr("Connected to " + server.url());
  }
}
