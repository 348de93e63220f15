package io.github.natsexperiments.lab;

import static io.github.natsexperiments.lab.LabProcess.lab;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lab info}. */
class InfoIT {
  @TempDir private Path temporary;

  @Test
  void showsTheServerAndWhatJetStreamUses() throws Exception {
    String limits =
        """
        jetstream { max_mem: 64M, max_file: 2G }
        accounts {
          LAB {
            jetstream { max_streams: 7, max_file: 1610612736 }
            users [ { user: lab, password: lab } ]
          }
        }
        no_auth_user: lab
        """;
    try (RunningServer server = TestServer.start(new ServerConfig("limits", limits));
        Connection connection = Nats.connect(server.url())) {
      connection
          .jetStreamManagement()
          .addStream(
              StreamConfiguration.builder()
                  .name("kept")
                  .subjects("kept")
                  .storageType(StorageType.Memory)
                  .build());
      connection.jetStream().publish("kept", new byte[3000]);

      RunningProgram lab = lab(temporary, "info", "-s", server.url()).start();

      assertThat(lab.waitForExit()).isZero();
      assertThat(lab.stdoutLines())
          .contains("Version     " + connection.getServerInfo().getVersion())
          .contains("URL         " + server.url())
          .contains("JetStream   on")
          .anyMatch(line -> line.matches("Server      \\S+"))
          .anyMatch(line -> line.matches("RTT         \\d+\\.\\d\\d ms"))
          .anyMatch(line -> line.matches("Client id   \\d+"))
          .anyMatch(line -> line.matches("Memory      (2\\.9|3\\.0) KiB +unlimited"))
          .contains("Storage     0 B         1.5 GiB")
          .contains("Streams     1           7")
          .contains("Consumers   0           unlimited");
    }
  }

  @Test
  void saysThatJetStreamIsOff() throws Exception {
    try (RunningServer server = TestServer.start(new ServerConfig("core", ""))) {
      RunningProgram lab = lab(temporary, "info", "-s", server.url()).start();

      assertThat(lab.waitForExit()).isZero();
      assertThat(lab.stdoutLines()).contains("JetStream   off").last().isEqualTo("JetStream   off");
    }
  }

  @Test
  void logsInAndShowsNoSecret() throws Exception {
    String users = "authorization { users [ { user: lab, password: S3CRET } ] }";
    try (RunningServer server = TestServer.start(new ServerConfig("users", users))) {
      RunningProgram refused = lab(temporary, "info", "-s", server.url()).start();
      assertThat(refused.waitForExit()).isEqualTo(4);

      RunningProgram environment =
          lab(temporary, "info", "-s", server.url())
              .env("NATS_USER", "lab")
              .env("NATS_PASSWORD", "S3CRET")
              .start();
      assertThat(environment.waitForExit()).isZero();

      String url = server.url().replace("nats://", "nats://lab:S3CRET@");
      RunningProgram inUrl = lab(temporary, "info", "-s", url).start();
      assertThat(inUrl.waitForExit()).isZero();
      for (RunningProgram lab : List.of(refused, environment, inUrl)) {
        assertThat(lab.stdoutLines()).noneMatch(line -> line.contains("S3CRET"));
        assertThat(lab.stderrLines()).noneMatch(line -> line.contains("S3CRET"));
      }
    }
  }

  @Test
  void saysThatThereIsNoServer() {
    RunningProgram lab = lab(temporary, "info", "--server", "nats://127.0.0.1:1").start();

    assertThat(lab.waitForExit()).isEqualTo(3);
    assertThat(lab.stdoutBytes()).isEmpty();
    assertThat(lab.stderrLines()).hasSize(1);
    lab.waitForStderr("Cannot reach nats://127.0.0.1:1: connection refused");
  }

  @Tag("more")
  @Test
  void helpsWithoutACommand() {
    List<String> usage = output("--help");

    assertThat(usage).anyMatch(line -> line.contains("./lab run 1"));
    assertThat(output()).isEqualTo(usage);
    assertThat(output("-V")).singleElement().asString().matches("NATS Experiments \\d.*, jnats .*");
  }

  private List<String> output(Object... args) {
    RunningProgram lab = lab(temporary, args).start();
    assertThat(lab.waitForExit()).isZero();
    return lab.stdoutLines();
  }
}
