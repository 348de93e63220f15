package io.github.natsexperiments.lab;

import static io.github.natsexperiments.lab.LabProcess.assertNothingIsLeft;
import static io.github.natsexperiments.lab.LabProcess.children;
import static io.github.natsexperiments.lab.LabProcess.lab;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.RunningProgram;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.api.StreamConfiguration;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ./lab server}. */
class ServerIT {
  @TempDir private Path temporary;

  @Test
  void saysWhereItIsAndWhatComesNext() throws Exception {
    RunningProgram lab = lab(temporary, "server", "--port", 0).start();
    String url = url(lab);
    assertThat(lab.waitForStdout("01-basic/target/publisher.jar")).endsWith(" --server " + url);

    assertThat(lab.stdoutLines())
        .anyMatch(line -> line.matches("nats-server \\d+\\.\\d+\\.\\d+.* from .*, profile open"))
        .anyMatch(line -> line.matches(" +monitoring +http://127\\.0\\.0\\.1:\\d+"))
        .anyMatch(line -> line.contains("Ctrl-C"))
        .contains("  process     " + children(lab).get(0).pid())
        .anyMatch(line -> line.contains("temporary folder"));
    try (Connection connection = Nats.connect(url)) {
      assertThat(connection.getServerInfo().isJetStreamAvailable()).isTrue();
    }
  }

  @Test
  void takesItsPortFromTheEnvironment() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    RunningProgram lab =
        lab(temporary, "server")
            .env("NATS_LAB_PORT", Integer.toString(port))
            .env("NATS_URL", "nats://localhost:" + port)
            .start();

    assertThat(url(lab)).endsWith(":" + port);
    assertThat(lab.waitForStdout("01-basic/target/publisher.jar")).doesNotContain("--server");
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  @DisabledOnOs(OS.WINDOWS)
  void endsWithTheSignalAndLeavesNothing(String signal, int exitCode) {
    RunningProgram lab = lab(temporary, "server", "--port", 0).start();
    url(lab);
    List<ProcessHandle> children = children(lab);

    lab.signal(signal);

    assertThat(lab.waitForExit()).isEqualTo(exitCode);
    assertNothingIsLeft(children, temporary);
    assertThat(lab.stderrBytes()).isEmpty();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void keepsItsDataWhereItIsTold() throws Exception {
    Path data = temporary.resolve("kept data");
    for (int run = 0; run < 2; run++) {
      RunningProgram lab = lab(temporary, "server", "--port", 0, "--data", data).start();
      lab.waitForStdout("03-jetstream/target/publisher.jar");
      try (Connection connection = Nats.connect(url(lab))) {
        if (run == 0) {
          connection
              .jetStreamManagement()
              .addStream(StreamConfiguration.builder().name("kept").subjects("kept").build());
          connection.jetStream().publish("kept", new byte[0]);
        }
        assertThat(connection.getStreamContext("kept").getStreamInfo().getStreamState())
            .matches(state -> state.getMsgCount() == 1);
      }
      lab.sigint();
      assertThat(lab.waitForExit()).isEqualTo(130);
    }
  }

  /** Of an empty variable; it would be the folder that one is in. */
  @Test
  void aFolderWithoutAName() {
    RunningProgram lab = lab(temporary, "server", "--port", 0, "--data", "").start();
    assertThat(lab.waitForExit()).isEqualTo(2);
    lab.waitForStderr("ERROR Invalid value for option '--data': '' names no file or folder");
  }

  @Test
  @EnabledOnOs(OS.LINUX) // where root cannot write everywhere, either
  void noFolderForTemporaryFiles() {
    RunningProgram lab = lab(Path.of("/proc"), "server", "--port", 0).start();
    assertThat(lab.waitForExit()).isEqualTo(1);
    assertThat(lab.stderrLines())
        .singleElement()
        .asString()
        .contains("the folder for temporary files, /proc, cannot be written");
  }

  @Test
  void saysWhoHasThePort() {
    RunningProgram first = lab(temporary, "server", "--port", 0).start();
    String url = url(first);
    String port = url.substring(url.lastIndexOf(':') + 1);

    RunningProgram second = lab(temporary, "server", "--port", port).start();

    assertThat(second.waitForExit()).isEqualTo(1);
    assertThat(second.stderrLines()).hasSize(1);
    second.waitForStderr(
        line ->
            line.matches(
                "ERROR Cannot start a server: port "
                    + port
                    + " is taken by nats-server \\S+; stop it \\(kill "
                    + children(first).get(0).pid()
                    + "\\), or choose another port with --port"));
    assertThat(first.isRunning()).isTrue();
  }

  @Tag("more")
  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no watchdog")
  void theServerGoesWhenTheLabIsKilled() {
    RunningProgram lab = lab(temporary, "server", "--port", 0).start();
    url(lab);
    List<ProcessHandle> children = children(lab);

    lab.signal("KILL");

    assertThat(lab.waitForExit()).isEqualTo(137);
    await().untilAsserted(() -> assertThat(temporary).isEmptyDirectory());
    assertNothingIsLeft(children, temporary);
  }

  @Tag("soak")
  @Test
  @EnabledOnOs(OS.LINUX)
  void theServerGoesWhenTheLabIsKilledWhileItStarts() throws Exception {
    // It never gets ready.
    Path server = temporary.resolve("nats-server");
    Files.writeString(
        server,
        """
        #!/bin/sh
        case $* in *-v*) echo "nats-server: v2.10.7" ;; *) exec sleep 600 ;; esac
        """);
    assertThat(server.toFile().setExecutable(true)).isTrue();
    RunningProgram lab =
        lab(temporary, "server", "--port", 0).env("NATS_SERVER_PATH", server.toString()).start();
    await().until(() -> children(lab).stream().anyMatch(ServerIT::isWatched));
    List<ProcessHandle> children = children(lab).stream().filter(ServerIT::isWatched).toList();
    Files.delete(server);

    lab.signal("KILL");

    assertThat(lab.waitForExit()).isEqualTo(137);
    await().untilAsserted(() -> assertThat(temporary).isEmptyDirectory());
    assertNothingIsLeft(children, temporary);
  }

  /** Whether there is a watchdog that has this process among its arguments. */
  private static boolean isWatched(ProcessHandle process) {
    String pid = Long.toString(process.pid());
    return ProcessHandle.allProcesses()
        .map(other -> other.info().arguments().orElse(new String[0]))
        .anyMatch(words -> words.length > 2 && words[words.length - 2].equals(pid));
  }

  @Test
  void tellsThatTheServerHasEndedByItself() {
    RunningProgram lab = lab(temporary, "server", "--port", 0).start();
    url(lab);
    List<ProcessHandle> children = children(lab);

    children.forEach(ProcessHandle::destroyForcibly);

    assertThat(lab.waitForExit()).isEqualTo(1);
    lab.waitForStderr("has ended by itself");
    assertNothingIsLeft(children, temporary);
  }

  @Tag("soak")
  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no signal INT")
  void aClusterGoesOnWithoutANodeAndCtrlCEndsTheOthers() throws Exception {
    RunningProgram lab = lab(temporary, "server", "cluster", "--port", 0).start();
    List<String> nodes =
        Stream.of("n1 ", "n2 ", "n3 ")
            .map(name -> lab.waitForStdout(line -> line.startsWith("  " + name)))
            .toList();
    List<ProcessHandle> children = children(lab);
    assertThat(children).hasSize(3);
    String publisher = lab.waitForStdout("publisher.jar");
    try (Connection connection = Nats.connect(publisher.replaceFirst(".*--server ", ""))) {
      assertThat(connection.getServers()).hasSize(3);
      connection
          .jetStreamManagement()
          .addStream(
              StreamConfiguration.builder().name("kept").subjects("kept").replicas(3).build());

      long first = Long.parseLong(nodes.get(0).replaceFirst(".*process ", ""));
      ProcessHandle.of(first).orElseThrow().destroyForcibly();
      lab.waitForStderr("2 of 3 nodes are left, a majority");
      // The two that are left elect a new leader: 4 to 9 s, and once more when they disagree.
      await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .until(() -> connection.jetStream().publish("kept", new byte[0]).getSeqno() > 0);
    }

    lab.sigint();

    assertThat(lab.waitForExit()).isEqualTo(130);
    assertNothingIsLeft(children, temporary);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          server nosuch       | no server profile "nosuch"; there is open
          server cluster --port 65534 | Invalid port '65534' in --port or NATS_LAB_PORT: it must be 0 to 65533
          server --port x     | Invalid port 'x' in --port or NATS_LAB_PORT: it must be 0 to 65535
          server --port 70000 | Invalid port '70000' in --port or NATS_LAB_PORT: it must be 0 to 65535
          """)
  void refusesWhatMakesNoSense(String args, String message) {
    RunningProgram lab = lab(temporary, (Object[]) args.split(" ")).start();

    assertThat(lab.waitForExit()).isEqualTo(2);
    assertThat(lab.stderrLines()).hasSize(1).first().asString().contains(message);
  }

  private static String url(RunningProgram lab) {
    return lab.waitForStdout("nats://").replaceFirst(".*(nats://\\S+).*", "$1");
  }
}
