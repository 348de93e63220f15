package io.github.natsexperiments.jetstream;

import static io.github.natsexperiments.testkit.Pair.acks;
import static io.github.natsexperiments.testkit.Pair.counted;
import static io.github.natsexperiments.testkit.Pair.publisher;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.api.Mirror;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The publisher on streams that acknowledge nothing, and as a user who may do little. */
class JetStreamPublisherIT {
  @RegisterExtension final TestServer server = TestServer.profile("open");

  private static void ends(RunningProgram program, int exitCode, String... parts) {
    assertThat(program.waitForExit()).isEqualTo(exitCode);
    assertThat(program.stderrLines()).last().asString().startsWith("ERROR ").contains(parts);
  }

  private void stream(StreamConfiguration.Builder configuration) throws Exception {
    try (JetStreamView view = new JetStreamView(server)) {
      view.management.addStream(configuration.name(JetStreamView.STREAM).build());
    }
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"no_ack", "mirror", "sealed"})
  void aStreamThatGivesNoAcksIsRefusedAtOnce(String kind) throws Exception {
    switch (kind) {
      case "no_ack" -> stream(StreamConfiguration.builder().subjects("foo").noAck(true));
      case "mirror" -> {
        publisher(server, "--stream", "other", "-n", 1).start().waitForExit();
        stream(StreamConfiguration.builder().mirror(Mirror.builder().name("other").build()));
      }
      default -> {
        stream(StreamConfiguration.builder().subjects("foo"));
        try (JetStreamView view = new JetStreamView(server)) {
          view.management.updateStream(
              StreamConfiguration.builder(view.stream().getConfiguration()).seal().build());
        }
      }
    }
    RunningProgram publisher = publisher(server, "-n", 2).start();
    ends(publisher, 1, "Stream \"sample_stream\" ", "choose another --stream");
    assertThat(publisher.stderrLines()).noneMatch(line -> line.contains("No ack"));
  }

  /** A user with these permissions and no others. */
  private void permissions(String publish, String subscribe) throws IOException {
    server.reload(
        new ServerConfig(
            "narrow",
            ServerConfig.profile("open").text()
                + "\nauthorization { users = [{ user: u, password: p, permissions: { publish: ["
                + publish
                + "], subscribe: ["
                + subscribe
                + "] } }] }\n"));
  }

  private RunningProgram withLogin(Object... args) {
    return publisher(server, args).env("NATS_USER", "u").env("NATS_PASSWORD", "p").start();
  }

  @Tag("soak")
  @ParameterizedTest
  @ValueSource(strings = {"--subject=foo", "--async"})
  void whatItMayDoWorksAndWhatItMayNotIsNamed(String mode) throws Exception {
    stream(StreamConfiguration.builder().subjects("foo"));

    permissions("foo, \"$JS.API.STREAM.INFO.sample_stream\"", "\"_INBOX.>\"");
    RunningProgram enough = withLogin("-n", 3, "-i", 0, mode);
    assertThat(enough.waitForExit()).isZero();
    assertThat(enough.stderrLines()).noneMatch(line -> line.contains("ermission"));

    permissions("foo", "\"_INBOX.>\"");
    RunningProgram blind = withLogin("-n", 3, "-i", 0, mode);
    assertThat(blind.waitForExit()).isZero();
    assertThat(acks(blind)).hasSize(3);
    blind.waitForStderr("Cannot look at stream \"sample_stream\"");
    blind.waitForStderr("$JS.API.STREAM.INFO.sample_stream");

    permissions("bar, \"$JS.API.STREAM.INFO.sample_stream\"", "\"_INBOX.>\"");
    ends(withLogin("-n", 3, mode), 4, "Publish to \"foo\"");

    permissions("foo, \"$JS.API.STREAM.INFO.*\"", "\"_INBOX.>\"");
    ends(withLogin("-n", 3, "--stream=new", mode), 4, "$JS.API.STREAM.CREATE.new");

    permissions("foo, \"$JS.API.STREAM.INFO.sample_stream\"", "foo");
    ends(withLogin("-n", 3, mode), 4, "Subscription to \"_INBOX.");
  }

  @Test
  void aLoginThatIsNoLongerAcceptedEndsBothModes() throws Exception {
    List<RunningProgram> publishers =
        List.of(
            publisher(server, "-i", "20ms").start(),
            publisher(server, "-i", "20ms", "--async").start());
    publishers.forEach(publisher -> publisher.waitForStdout("Ack: "));
    long before = System.nanoTime();
    server.reload(
        new ServerConfig(
            "locked", ServerConfig.profile("open").text() + "\nauthorization { token: other }\n"));
    for (RunningProgram publisher : publishers) {
      ends(publisher, 4, "The server does not accept us any more");
      assertThat(counted(publisher, "Published")).isPositive(); // the summary, before that
    }
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(10));
  }
}
