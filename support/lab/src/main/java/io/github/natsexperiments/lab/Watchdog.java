package io.github.natsexperiments.lab;

import io.github.natsexperiments.server.NativeServer;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;

/**
 * Ends what the lab has started when the lab itself is gone, also after SIGKILL, which runs no
 * shutdown hook. A small shell process looks once a second, and ends with what it watches. Windows
 * has no such shell: there it does nothing.
 */
final class Watchdog {
  // In the background twice, so that it is nobody's child; signals of the terminal are not for it.
  private static final String SCRIPT =
      """
      trap '' HUP INT TERM
      (
        alive=yes
        while kill -0 "$1" && { kill -0 "$2" || { alive=; [ -d "$3" ]; }; }; do sleep 1; done
        kill -0 "$1" && exit
        [ -z "$alive" ] || kill -9 "$2"
        [ -z "$3" ] || { sleep 1; rm -rf "$3"; }
      ) >/dev/null 2>&1 </dev/null &
      """;

  private Watchdog() {}

  /** Watches the process that a server has now; its folder goes with it. */
  static void watch(NativeServer server) {
    watch(server.pid(), server.folder().toString());
  }

  /**
   * Watches a process.
   *
   * @param folder goes with it; empty for none
   */
  static void watch(long pid, String folder) {
    String lab = Long.toString(ProcessHandle.current().pid());
    try {
      new ProcessBuilder("/bin/sh", "-c", SCRIPT, "sh", lab, Long.toString(pid), folder)
          .redirectOutput(Redirect.DISCARD)
          .redirectError(Redirect.DISCARD)
          .start()
          .getOutputStream()
          .close();
    } catch (IOException e) {
      // No shell, no watchdog.
    }
  }
}
