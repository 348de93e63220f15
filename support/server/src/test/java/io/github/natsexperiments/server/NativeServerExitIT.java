package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever ends the JVM that started a server, neither process nor files are left. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NativeServerExitIT {

  @TempDir Path temporary;
  private Process jvm;
  private BufferedReader lines;
  private ProcessHandle server;

  @AfterEach
  void endAll() {
    if (jvm != null) {
      jvm.destroyForcibly();
    }
    if (server != null) {
      server.destroyForcibly();
    }
  }

  @ParameterizedTest
  @CsvSource({"return, 0", "exit, 3", "throw, 1", "close, 0", "invalid, 0", "paused, 0"})
  void leavesNothingWhenTheProgramEnds(String how, int exitCode) throws Exception {
    launch(List.of(), how);
    assertThat(exitCode()).isEqualTo(exitCode);
    assertThatNothingIsLeft();
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130", "HUP, 129"})
  @DisabledOnOs(OS.WINDOWS)
  void leavesNothingWhenTheProgramIsStopped(String signal, int exitCode) throws Exception {
    launch(defaultSignals(), "wait");
    kill(signal, Long.toString(jvm.pid()));
    assertThat(exitCode()).isEqualTo(exitCode);
    assertThatNothingIsLeft();
  }

  /** A terminal sends Ctrl-C to every process of the foreground group. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void theServerLivesOnAtCtrlCUntilItsStarterClosesIt() throws Exception {
    List<String> inItsOwnGroup = new ArrayList<>(defaultSignals());
    inItsOwnGroup.add("setsid");
    launch(inItsOwnGroup, "own hook");
    kill("INT", "-" + jvm.pid());
    assertThat(lines.readLine()).isEqualTo("healthy");
    assertThat(exitCode()).isEqualTo(130);
    assertThatNothingIsLeft();
  }

  private void launch(List<String> prefix, String how) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djava.io.tmpdir=" + temporary);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Starter.class.getName());
    command.add(how);
    jvm = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    lines = jvm.inputReader();
    server = ProcessHandle.of(Long.parseLong(lines.readLine())).orElse(null);
    lines.readLine();
  }

  private int exitCode() throws InterruptedException {
    assertThat(jvm.waitFor(30, TimeUnit.SECONDS)).as("the JVM ended").isTrue();
    return jvm.exitValue();
  }

  private void assertThatNothingIsLeft() throws IOException {
    assertThat(server == null || !server.isAlive()).as("the server ended").isTrue();
    try (Stream<Path> files = Files.list(temporary)) {
      assertThat(files).isEmpty();
    }
  }

  private static void kill(String signal, String process) throws IOException {
    Command.run(
        List.of("/bin/sh", "-c", "kill -s " + signal + " -- " + process), Duration.ofSeconds(10));
  }

  /** A JVM ignores the signals that its starter ignores, as some CI systems do. */
  private static List<String> defaultSignals() {
    List<String> env = List.of("env", "--default-signal=INT,HUP,TERM");
    try {
      Command.run(List.of(env.get(0), env.get(1), "true"), Duration.ofSeconds(10));
      return env;
    } catch (IOException e) {
      return List.of(); // a system whose env cannot do that
    }
  }

  /** Starts a server, prints its process id and one more line, and ends in the way it is told. */
  static final class Starter {
    public static void main(String[] args) throws Exception {
      ServerConfig open = ServerConfig.profile("open");
      boolean ownHook = args[0].equals("own hook");
      NativeServer server =
          ownHook
              ? NativeServer.startWithoutShutdownHook(open, 0, null, started -> {})
              : NativeServer.start(open, 0);
      if (ownHook) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> checkAndClose(server)));
      }
      System.out.println(server.process().pid());
      System.out.println("ready");
      switch (args[0]) {
        case "return" -> {}
        case "exit" -> System.exit(3);
        case "throw" -> throw new IllegalStateException("as the test wants it");
        case "close" -> server.close();
        case "paused" -> server.pause();
        case "invalid" -> startWithInvalidConfiguration();
        default -> Thread.currentThread().join();
      }
    }

    private static void checkAndClose(NativeServer server) {
      try {
        server.process().onExit().get(300, TimeUnit.MILLISECONDS);
        System.out.println("dead");
      } catch (Exception e) {
        healthy(server);
      }
      server.close();
    }

    private static void healthy(NativeServer server) {
      try {
        System.out.println(
            Nats.get(server, "/healthz").contains("\"ok\"") ? "healthy" : "not healthy");
      } catch (IOException e) {
        System.out.println(e);
      }
    }

    private static void startWithInvalidConfiguration() {
      try {
        NativeServer.startWithoutShutdownHook(
                new ServerConfig("test", "port: lots"), 0, null, started -> {})
            .close();
        throw new IllegalStateException("it started");
      } catch (IOException e) {
        System.err.println(e.getMessage());
      }
    }
  }
}
