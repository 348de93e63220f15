package io.github.natsexperiments.server;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * Ends what this JVM has started when the JVM itself is gone, also after SIGKILL, which runs no
 * shutdown hook. A small shell process looks once a second; it ends by itself with what it watches.
 * Windows has no such shell: there it does nothing.
 */
public final class Watchdog {
  // Twice in the background, so that it is nobody's child; a signal for the terminal is not for it.
  private static final String WATCH =
      """
      trap '' HUP INT TERM
      (
        while kill -0 "$1" && %s; do sleep 1; done
        kill -0 "$1" || { %s; }
      ) >/dev/null 2>&1 </dev/null &
      """;

  private static final String PROCESS = WATCH.formatted("kill -0 \"$2\"", "kill -9 \"$2\"");

  /** A server that was just being started has not written its pid yet. */
  private static final String SERVER =
      WATCH.formatted(
          "[ -d \"$2\" ]",
          "[ -s \"$2/pid\" ] || sleep 2; kill -9 \"$(cat \"$2/pid\")\"; sleep 1; rm -rf \"$2\"");

  private Watchdog() {}

  /**
   * Ends a process when this JVM has gone.
   *
   * @param pid its process id
   */
  public static void watch(long pid) {
    start(PROCESS, Long.toString(pid));
  }

  /**
   * Ends the server that has its file {@code pid} in this folder, and removes the folder, when this
   * JVM has gone before the folder has.
   *
   * @param folder a folder of that server alone
   */
  static void watch(Path folder) {
    start(SERVER, folder.toAbsolutePath().toString());
  }

  private static void start(String script, String what) {
    if (Platform.WINDOWS) {
      return;
    }
    String parent = Long.toString(ProcessHandle.current().pid());
    try {
      new ProcessBuilder(List.of("sh", "-c", script, "sh", parent, what))
          .redirectInput(Redirect.from(new File("/dev/null")))
          .redirectOutput(Redirect.DISCARD)
          .redirectError(Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      LoggerFactory.getLogger(Watchdog.class).debug("no shell to watch {}", what, e);
    }
  }
}
