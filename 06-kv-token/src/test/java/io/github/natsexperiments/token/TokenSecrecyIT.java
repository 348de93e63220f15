package io.github.natsexperiments.token;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The token shows nowhere: all that the programs print is searched for it. */
class TokenSecrecyIT {
  private static final Login LOGIN = Login.issue();
  private static final String WRONG = "wrong-but-secret-all-the-same";

  /** Far less than a connect timeout, 10 s. */
  private static final Duration SOON = Duration.ofSeconds(5);

  @RegisterExtension final TestServer server = TestServer.with(LOGIN.config());

  @TempDir private Path folder;

  private final List<RunningProgram> programs = new ArrayList<>();

  private RunningProgram start(Program program) {
    RunningProgram running = program.args("--verbose").start();
    programs.add(running);
    return running;
  }

  private String withToken(String token) {
    return server.url().replace("nats://", "nats://" + token + "@");
  }

  @AfterEach
  void nothingShowsAToken() {
    for (RunningProgram program : programs) {
      for (byte[] output : List.of(program.stdoutBytes(), program.stderrBytes())) {
        String text = new String(output, StandardCharsets.UTF_8);
        assertThat(text).doesNotContain(LOGIN.token(), WRONG, LOGIN.hash());
      }
    }
  }

  @Test
  void whileAllGoesWellAndWhenTheServerIsKilled() throws IOException {
    Path file = LOGIN.in(folder.resolve("token"));
    RunningProgram fromFile =
        start(Login.program("publisher", server, "--token-file", file, "-i", "50ms"));
    RunningProgram fromEnvironment = start(LOGIN.subscriber(server, "--follow"));
    RunningProgram fromUrl =
        start(Program.jar("subscriber").env("NATS_URL", withToken(LOGIN.token())).args("--follow"));
    for (RunningProgram program : programs) {
      program.waitForStdout("revision");
      assertThat(commandLine(program)).doesNotContain(LOGIN.token());
    }
    server.kill();
    for (RunningProgram program : programs) {
      program.waitForStderr("Disconnected from");
    }
    server.start();
    for (RunningProgram program : programs) {
      program.waitForStderr("Connected again");
      program.sigint();
      assertThat(program.waitForExit()).isEqualTo(130);
    }
    assertThat(List.of(fromFile, fromEnvironment, fromUrl)).isEqualTo(programs);
  }

  @Tag("soak")
  @Test
  void whenTheLoginFails() throws IOException {
    for (String jar : List.of("publisher", "subscriber")) {
      assertThat(start(Login.program(jar, server).env("NATS_TOKEN", WRONG)).waitForExit())
          .isEqualTo(4);
      assertThat(start(Program.jar(jar).env("NATS_URL", withToken(WRONG))).waitForExit())
          .isEqualTo(4);
      assertThat(start(Program.jar(jar).env("NATS_URL", withToken(WRONG) + ":x")).waitForExit())
          .isEqualTo(2);
    }
    server.kill();
    for (String jar : List.of("publisher", "subscriber")) {
      assertThat(start(LOGIN.publisher(server)).waitForExit()).isEqualTo(3);
      assertThat(start(Program.jar(jar).env("NATS_URL", withToken(WRONG))).waitForExit())
          .isEqualTo(3);
    }
  }

  /** First the new token into the file, then its hash to the server. */
  @Tag("soak")
  @Test
  @DisabledOnOs(OS.WINDOWS) // there a server cannot be told to read its configuration
  void whenTheTokenIsReplaced() throws Exception {
    LOGIN.bucketWithHistory(server);
    Login next = Login.issue();
    Path file = LOGIN.in(folder.resolve("token"));
    RunningProgram publisher =
        start(Login.program("publisher", server, "--token-file", file, "-i", "50ms"));
    RunningProgram subscriber =
        start(Login.program("subscriber", server, "--token-file", file, "--follow"));
    RunningProgram fixed = start(LOGIN.subscriber(server, "--follow"));
    for (RunningProgram program : programs) {
      program.waitForStdout("revision");
    }
    next.in(file);
    server.reload(next.config());

    publisher.waitForStderr("Connected again");
    subscriber.waitForStderr("Connected again");
    int shown = subscriber.stdoutLines().size();
    subscriber.waitForStdout("Hello #" + (shown + 20));
    assertThat(fixed.waitForExit(SOON)).isEqualTo(4);
    fixed.waitForStderr("ERROR The server does not accept the token in NATS_TOKEN any more");

    // And once more, with nothing new in the file.
    server.reload(Login.issue().config());
    for (RunningProgram program : List.of(publisher, subscriber)) {
      assertThat(program.waitForExit(SOON)).isEqualTo(4);
      program.waitForStderr("does not accept the token in " + file + " any more");
      assertThat(new String(program.stderrBytes(), StandardCharsets.UTF_8))
          .doesNotContain(next.token());
    }
  }

  private static String commandLine(RunningProgram program) {
    try {
      return Files.readString(Path.of("/proc/" + program.pid() + "/cmdline"));
    } catch (IOException e) {
      return ""; // not Linux
    }
  }
}
