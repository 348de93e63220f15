package io.github.natsexperiments.callbacks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Pair;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The gallery shows what it says, and the page shows the gallery. */
class GalleryIT {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  private static RunningProgram gallery(RunningServer server, Object... args) {
    RunningProgram gallery =
        Program.jar("gallery").env("NATS_URL", server.url()).args(args).start();
    assertThat(gallery.waitForExit(java.time.Duration.ofSeconds(60))).isZero();
    return gallery;
  }

  /** The rows that the page should have, made from the gallery's output. */
  private static List<String> rows(List<String> lines) {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < lines.size(); i += 4) {
      rows.add(
          "| `%s` | %s | %s | %s |"
              .formatted(
                  lines.get(i),
                  lines.get(i + 1).substring(9),
                  lines.get(i + 2).substring(9),
                  lines.get(i + 3).substring(9)));
    }
    return rows;
  }

  @Tag("soak")
  @Test
  void thePageHasEveryExhibitWithWhatJnatsSays() throws Exception {
    List<String> shown = rows(gallery(server).stdoutLines());
    List<String> page =
        Files.readAllLines(Path.of("README.md")).stream()
            .filter(line -> line.matches("\\| `[a-z-]+` \\|.* \\|.* \\|.* \\|"))
            .toList();
    assertThat(page).hasSameSizeAs(shown);
    for (int i = 0; i < shown.size(); i++) {
      String[] here = shown.get(i).split("\\|");
      // What only another server shows is on the page as that server shows it.
      if (here[2].startsWith(" shown only ")) {
        here[2] = page.get(i).split("\\|")[2];
      }
      assertThat(page.get(i)).isEqualTo(String.join("|", here) + "|");
    }
    assertThat(shown).filteredOn(row -> row.contains("| says nothing |")).hasSize(1);
  }

  @Test
  void oneByItsNameAndTheListWithoutAServer() {
    assertThat(gallery(server, "stream-missing").stdoutLines())
        .hasSize(4)
        .element(1)
        .asString()
        .isEqualTo("  jnats  throws JetStreamApiException: stream not found [10059]");
    RunningProgram list = Program.jar("gallery").args("-s", "nats://127.0.0.1:1", "--list").start();
    assertThat(list.waitForExit()).isZero();
    assertThat(list.stdoutLines()).hasSizeGreaterThan(30).allMatch(l -> l.contains(": "));
    RunningProgram unknown = Program.jar("gallery").args("no-such-name").start();
    assertThat(unknown.waitForExit()).isEqualTo(2);
    unknown.waitForStderr("No exhibit 'no-such-name'; --list shows their names");
  }

  @Test
  void logsInAsTheOptionsSay() throws Exception {
    String token = "\nauthorization { token: secret }\n";
    ServerConfig config = new ServerConfig("token", ServerConfig.profile("open").text() + token);
    try (RunningServer asking = TestServer.start(config)) {
      Program program = Program.jar("gallery").env("NATS_URL", asking.url());
      RunningProgram gallery =
          program
              .env("NATS_TOKEN", "secret")
              .args("stream-missing", "no-responders-reason")
              .start();
      assertThat(gallery.waitForExit()).isZero();
      assertThat(gallery.stdoutLines()).hasSize(8).noneMatch(line -> line.contains("violation"));
    }
  }

  @Tag("more")
  @Test
  void leavesNothingBehindWhenItIsStopped() throws Exception {
    RunningProgram gallery = Program.jar("gallery").env("NATS_URL", server.url()).start();
    gallery.waitForStdout("stream-missing");
    try (Connection connection = Pair.connect(server)) {
      JetStreamManagement streams = connection.jetStreamManagement();
      Awaitility.await().until(() -> !streams.getStreamNames().isEmpty());
      gallery.sigint();
      assertThat(gallery.waitForExit()).isEqualTo(130);
      assertThat(gallery.stdoutLines().size() % 4).isZero();
      assertThat(streams.getStreamNames()).isEmpty();
    }
  }

  @Test
  void jetStreamOff() throws Exception {
    try (RunningServer plain = TestServer.start(new ServerConfig("plain", "http: 8222\n"))) {
      assertThat(gallery(plain, "jetstream-off").stdoutLines().get(1))
          .isEqualTo(
              "  jnats  throws IOException: Error Publishing: 503 No Responders"
                  + " Available For Request");
    }
  }
}
