package io.github.natsexperiments.lab;

import static io.github.natsexperiments.lab.LabProcess.assertNothingIsLeft;
import static io.github.natsexperiments.lab.LabProcess.children;
import static io.github.natsexperiments.lab.LabProcess.lab;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.RunningProgram;
import io.nats.client.Connection;
import io.nats.client.Nats;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
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
    lab.waitForStdout("java -jar 01-basic/target/publisher.jar --server " + url);

    assertThat(lab.stdoutLines())
        .anyMatch(line -> line.matches("nats-server \\d+\\.\\d+\\.\\d+.* from .*, profile open"))
        .anyMatch(line -> line.matches(" +monitoring +http://127\\.0\\.0\\.1:\\d+"))
        .anyMatch(line -> line.contains("Ctrl-C"))
        .anyMatch(line -> line.contains("temporary folder"));
    try (Connection connection = Nats.connect(url)) {
      assertThat(connection.getServerInfo().isJetStreamAvailable()).isTrue();
    }
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
                    + " is taken by nats-server \\S+; stop it, or choose another port with --port"));
    assertThat(first.isRunning()).isTrue();
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          server nosuch       | no server profile "nosuch"; there is open
          server --port 70000 | Invalid value '70000' for --port: it must be 0 to 65535
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
