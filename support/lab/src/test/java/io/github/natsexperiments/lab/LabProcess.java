package io.github.natsexperiments.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Runs {@code target/lab.jar}, and looks for what it leaves behind. */
final class LabProcess {
  private LabProcess() {}

  /**
   * The lab as a process.
   *
   * @param temporary where its servers keep their data
   */
  static Program lab(Path temporary, Object... args) {
    return withServer(Program.command(command(temporary))).args(args);
  }

  /** The same in a process group of its own, as a shell starts it in a terminal. */
  static Program labInTerminal(Path temporary, Object... args) {
    String[] command =
        Stream.concat(Stream.of("setsid"), Stream.of(command(temporary))).toArray(String[]::new);
    return withServer(Program.command(command)).args(args);
  }

  private static String[] command(Path temporary) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("-Djava.io.tmpdir=" + temporary);
    command.addAll(List.of("-jar", Path.of("target", "lab.jar").toAbsolutePath().toString()));
    return command.toArray(String[]::new);
  }

  /** The test kit hides NATS_* from programs, but this one starts the server that was chosen. */
  static Program withServer(Program program) {
    String path = System.getenv("NATS_SERVER_PATH");
    return path == null ? program : program.env("NATS_SERVER_PATH", path);
  }

  /** All processes that a running lab has started. */
  static List<ProcessHandle> children(RunningProgram lab) {
    return ProcessHandle.of(lab.pid()).orElseThrow().descendants().toList();
  }

  static void assertNothingIsLeft(List<ProcessHandle> children, Path temporary) {
    assertThat(children).isNotEmpty();
    try {
      await().untilAsserted(() -> assertThat(children).noneMatch(ProcessHandle::isAlive));
    } finally {
      children.forEach(ProcessHandle::destroyForcibly);
    }
    assertThat(temporary).isEmptyDirectory();
  }
}
