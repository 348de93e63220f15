package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpHandler;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Finds and fetches shell scripts that say they are a nats-server, from a server of its own. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no shell scripts")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServerFinderTest {

  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private Path bin;
  private Path cache;
  private byte[] archive;
  private final CountDownLatch released = new CountDownLatch(1);
  private ReleasePage page;

  @BeforeEach
  void makeUpAMachine() throws IOException {
    bin = Files.createDirectory(folder.resolve("bin"));
    cache = folder.resolve("caches/nats-experiments");
    environment.put("PATH", bin.toString());
    environment.put("XDG_CACHE_HOME", folder.resolve("caches").toString());
    archive = ReleasePage.tarGz();
  }

  @AfterEach
  void closePage() {
    released.countDown();
    if (page != null) {
      page.close();
    }
  }

  @Test
  void takesTheNamedServerBeforeAllOthers() throws IOException {
    Path named = script(folder.resolve("my 'own' server"), "echo nats-server: v1.2.3");
    script(bin.resolve("nats-server"), "echo nats-server: v4.5.6");
    environment.put("NATS_SERVER_PATH", named.toString());
    assertThat(find(unreachable())).isEqualTo(new ServerBinary(named, "1.2.3", "NATS_SERVER_PATH"));
  }

  @Test
  void saysWhatIsWrongWithTheNamedServerAndTriesNothingElse() throws IOException {
    script(bin.resolve("nats-server"), "echo nats-server: v4.5.6");
    Path plain = Files.writeString(folder.resolve("plain"), "");
    Path other = script(folder.resolve("other"), "echo something else; echo and its licence");
    Path broken = script(folder.resolve("broken"), "echo cannot; exit 7");
    Path missing = folder.resolve("missing");
    Map.of(
            missing, "there is no such file",
            folder, "that is a folder",
            plain, "that file is not executable",
            other, "that is not a nats-server: --version prints \"something else\"",
            broken, "broken ended with exit code 7: cannot")
        .forEach(
            (path, reason) -> {
              environment.put("NATS_SERVER_PATH", path.toString());
              assertThatThrownBy(() -> find(unreachable()))
                  .isInstanceOf(IOException.class)
                  .hasMessage("NATS_SERVER_PATH is set to " + path + ", but " + reason);
            });
  }

  @Test
  void takesTheServerOnThePathBeforeTheCache() throws IOException {
    Path installed = script(bin.resolve("nats-server"), "echo nats-server: v4.5.6");
    script(cache.resolve("9.8.7-linux-amd64/nats-server"), "echo nats-server: v9.8.7");
    environment.put("PATH", folder.resolve("nothing") + "::" + bin);
    environment.put("NATS_SERVER_PATH", "");
    assertThat(find(unreachable())).isEqualTo(new ServerBinary(installed, "4.5.6", "the PATH"));
  }

  @Test
  void passesOverAServerOnThePathThatDoesNotRun() throws IOException {
    script(bin.resolve("nats-server"), "exit 1");
    script(cache.resolve("9.8.7-linux-amd64/nats-server"), "echo nats-server: v9.8.7");
    assertThat(find(unreachable()).origin()).isEqualTo("the cache");
  }

  @Test
  void downloadsTheReleaseOnceAndKeepsIt() throws IOException {
    open(ReleasePage.always(archive));

    ServerBinary binary = find(page.release(archive));

    Path place = cache.resolve("9.8.7-linux-amd64/nats-server");
    assertThat(binary).isEqualTo(new ServerBinary(place, "9.8.7", "the cache"));
    assertThat(place).hasBinaryContent(ReleasePage.SCRIPT);
    assertThat(page.requests())
        .containsExactly("/download/v9.8.7/nats-server-v9.8.7-linux-amd64.tar.gz");
    assertThat(find(page.release(archive))).isEqualTo(binary);
    assertThat(page.requests()).hasSize(1);
    assertThatNothingIsLeft();
  }

  @Test
  void unpacksTheZipOfWindows() throws IOException {
    byte[] zip = ReleasePage.zip();
    open(ReleasePage.always(zip));
    assertThat(finder(page.release(zip), "windows").find().version()).isEqualTo("9.8.7");
    assertThat(page.requests())
        .containsExactly("/download/v9.8.7/nats-server-v9.8.7-windows-amd64.zip");
  }

  @Test
  void followsARedirect() throws IOException {
    open(
        exchange -> {
          if (exchange.getRequestURI().getPath().equals("/elsewhere")) {
            ReleasePage.always(archive).handle(exchange);
          } else {
            exchange.getResponseHeaders().add("Location", "/elsewhere");
            exchange.sendResponseHeaders(302, -1);
          }
        });
    assertThat(find(page.release(archive)).version()).isEqualTo("9.8.7");
  }

  @Test
  void keepsTheServerInTheHomeFolderByDefault() throws IOException {
    open(ReleasePage.always(archive));
    for (String ignored : Arrays.asList(null, "", "relative")) {
      environment.put("XDG_CACHE_HOME", ignored);
      assertThat(find(page.release(archive)).path())
          .isEqualTo(folder.resolve(".cache/nats-experiments/9.8.7-linux-amd64/nats-server"));
    }
    assertThat(page.requests()).hasSize(1);
  }

  @Test
  void replacesACachedServerThatDoesNotRun() throws IOException {
    open(ReleasePage.always(archive));
    script(cache.resolve("9.8.7-linux-amd64/nats-server"), "exit 1");
    assertThat(find(page.release(archive)).version()).isEqualTo("9.8.7");
  }

  @Test
  void refusesAnArchiveWithAnotherChecksum() throws IOException {
    Path apt = fakeApt();
    open(ReleasePage.always(archive));
    byte[] other = "another archive".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> find(page.release(other)))
        .isInstanceOf(Release.WrongChecksum.class)
        .hasMessageContaining(page.requests().get(0))
        .hasMessageContaining("its SHA-256 is " + ReleasePage.sha256(archive))
        .hasMessageContaining("the released archive's is " + ReleasePage.sha256(other))
        .hasMessageContaining("set NATS_SERVER_PATH");
    assertThat(apt).isEmptyFile();
    assertThatNothingIsKept();
  }

  @Test
  void saysThatADownloadWasCutShort() throws IOException {
    open(
        exchange -> {
          exchange.sendResponseHeaders(200, archive.length);
          exchange.getResponseBody().write(archive, 0, 100);
        });
    assertThatThrownBy(() -> find(page.release(archive)))
        .hasMessageContaining("ended after 100 of %d bytes", archive.length);
    assertThatNothingIsKept();
  }

  @Test
  void saysThatThereIsNoSuchArchive() throws IOException {
    open(exchange -> exchange.sendResponseHeaders(404, -1));
    assertThatThrownBy(() -> find(page.release(archive))).hasMessageContaining("HTTP status 404");
    assertThatNothingIsKept();
  }

  @Test
  void doesNotWaitForAServerThatSaysNothing() throws IOException {
    open(exchange -> hang());
    Release impatient = with(Duration.ofMillis(200), Duration.ofSeconds(60));
    assertThatThrownBy(() -> find(impatient)).hasMessageContaining("no answer within 200 ms");
    assertThatNothingIsKept();
  }

  @Test
  void doesNotWaitForADownloadThatStalls() throws IOException {
    open(
        exchange -> {
          exchange.sendResponseHeaders(200, archive.length);
          exchange.getResponseBody().write(archive, 0, 100);
          exchange.getResponseBody().flush();
          hang();
        });
    Release impatient = with(Duration.ofMillis(200), Duration.ofSeconds(60));
    assertThatThrownBy(() -> find(impatient)).hasMessageContaining("no answer within 200 ms");
    assertThatNothingIsKept();
  }

  @Test
  void doesNotWaitForADownloadThatDrips() throws IOException {
    open(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          do {
            exchange.getResponseBody().write(0);
            exchange.getResponseBody().flush();
          } while (!hang(Duration.ofMillis(10)));
        });
    Release impatient = with(Duration.ofSeconds(5), Duration.ofMillis(200));
    assertThatThrownBy(() -> find(impatient)).hasMessageContaining("not complete within 200 ms");
    assertThatNothingIsKept();
  }

  @Test
  void saysInOneLineWhatToInstall() {
    assertThatThrownBy(() -> find(unreachable()))
        .isInstanceOf(IOException.class)
        .hasMessageMatching(
            "no nats-server: none on the PATH, none downloaded \\(http://127.0.0.1:1/\\S+:"
                + " Connection refused.*\\), no package \\(no apt-get here\\). Install nats-server"
                + " 2.9.10 or newer from https://\\S+ and put it on the PATH, or set"
                + " NATS_SERVER_PATH to it");
  }

  @Test
  void saysThatThereIsNoReleaseForThisMachine() throws IOException {
    open(ReleasePage.always(archive));
    assertThatThrownBy(() -> finder(page.release(archive), "plan9").find())
        .hasMessageContaining("nats-server 9.8.7 is not released for plan9-amd64");
    assertThat(page.requests()).isEmpty();
  }

  @Test
  void saysThatTheCacheCannotBeWritten() throws IOException {
    Files.writeString(folder.resolve("caches"), "a file in the way");
    assertThatThrownBy(() -> find(unreachable()))
        .hasMessage(
            "cannot write to %s: set XDG_CACHE_HOME to another folder, or NATS_SERVER_PATH to a"
                + " nats-server",
            cache);
  }

  @Test
  void saysThatThereIsNoHome() {
    environment.remove("XDG_CACHE_HOME");
    ServerFinder homeless =
        new ServerFinder(environment::get, Path.of("?"), unreachable(), "linux", "amd64");
    assertThatThrownBy(homeless::find).hasMessageContaining("no home folder");
  }

  @Test
  void cleansUpAfterAFetchThatWasKilled() throws IOException {
    open(ReleasePage.always(archive));
    Path leftover = Files.createDirectories(cache.resolve("fetch-123/unpacked"));
    Files.write(leftover.resolve("half"), archive);
    find(page.release(archive));
    assertThatNothingIsLeft();
  }

  @Test
  void fetchesThePackageWhenTheReleaseIsOutOfReach() throws IOException {
    Path calls = fakeApt();
    ServerBinary binary = find(unreachable());
    List<String> apt = Files.readAllLines(calls);
    assertThat(binary)
        .isEqualTo(
            new ServerBinary(
                cache.resolve("package-linux-amd64/nats-server"), "4.4.4", "the cache"));
    assertThat(apt).hasSize(3);
    assertThat(apt.get(0)).endsWith("download nats-server").doesNotContain("Lists");
    assertThat(apt.get(1)).endsWith("update").contains("Dir::State::Lists \"" + cache);
    assertThat(apt.get(2))
        .endsWith("download nats-server")
        .contains("Dir::State::Lists \"" + cache);
    // Nothing that apt writes, and nothing that others hung into it, may touch the system.
    assertThat(apt)
        .allSatisfy(
            call ->
                assertThat(call)
                    .contains("Dir::Cache \"" + cache, "--config-file " + cache)
                    .contains("#clear APT::Update::Post-Invoke;"));
    assertThat(find(unreachable())).isEqualTo(binary);
    assertThat(calls).hasContent(String.join("\n", apt));
    assertThatNothingIsLeft();
  }

  @Test
  void threadsWaitForEachOther() throws IOException {
    open(
        exchange -> {
          hang();
          ReleasePage.always(archive).handle(exchange);
        });
    CompletableFuture<ServerBinary> first = findAsync();
    await().until(() -> page.requests().size() == 1);
    CompletableFuture<ServerBinary> second = findAsync();
    await().until(ServerFinder.FETCHING::hasQueuedThreads);
    released.countDown();
    assertThat(first.join()).isEqualTo(second.join());
    assertThat(page.requests()).hasSize(1);
  }

  @Test
  void processesWaitForEachOther() throws Exception {
    open(
        exchange -> {
          hang();
          ReleasePage.always(archive).handle(exchange);
        });
    CompletableFuture<ServerBinary> first = findAsync();
    await().until(() -> page.requests().size() == 1);
    Process second = findInAnotherProcess();
    try (BufferedReader lines = second.inputReader()) {
      assertThat(lines.readLine()).contains("another process is fetching").contains("waiting");
      released.countDown();
      assertThat(lines.readLine()).isEqualTo(first.join().toString());
      assertThat(second.waitFor(10, TimeUnit.SECONDS)).isTrue();
    } finally {
      second.destroyForcibly();
    }
    assertThat(page.requests()).hasSize(1);
    assertThatNothingIsLeft();
  }

  @Test
  void aKilledProcessIsInNobodysWay() throws Exception {
    open(
        exchange -> {
          if (page.requests().size() == 1) {
            hang();
          }
          ReleasePage.always(archive).handle(exchange);
        });
    Process killed = findInAnotherProcess();
    try {
      await().until(() -> page.requests().size() == 1);
      try (Stream<Path> files = Files.list(cache)) {
        assertThat(files).anyMatch(file -> file.getFileName().toString().startsWith("fetch-"));
      }
    } finally {
      killed.destroyForcibly().waitFor();
    }
    assertThat(find(page.release(archive)).version()).isEqualTo("9.8.7");
    assertThatNothingIsLeft();
  }

  /** Finds in a JVM of its own: URL of the releases, SHA-256, home. */
  static final class Main {
    public static void main(String[] args) throws IOException {
      Release release =
          new Release(
              "9.8.7",
              URI.create(args[0]),
              Map.of("nats-server-v9.8.7-linux-amd64.tar.gz", args[1]),
              Duration.ofSeconds(30),
              Duration.ofSeconds(60));
      Map<String, String> environment = Map.of("PATH", "", "XDG_CACHE_HOME", args[2]);
      System.out.println(
          new ServerFinder(environment::get, Path.of(args[2]), release, "linux", "amd64").find());
    }
  }

  private Process findInAnotherProcess() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            page.uri().toString(),
            ReleasePage.sha256(archive),
            folder.resolve("caches").toString())
        .redirectErrorStream(true)
        .start();
  }

  private void open(HttpHandler handler) throws IOException {
    page = new ReleasePage(handler);
  }

  /** Until the test is over, or lets the answer go. */
  private void hang() {
    hang(Duration.ofSeconds(60));
  }

  private boolean hang(Duration limit) {
    try {
      return released.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return true;
    }
  }

  private ServerBinary find(Release release) throws IOException {
    return finder(release, "linux").find();
  }

  private CompletableFuture<ServerBinary> findAsync() {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return find(with(Duration.ofSeconds(30), Duration.ofSeconds(60)));
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private ServerFinder finder(Release release, String os) {
    return new ServerFinder(environment::get, folder, release, os, "amd64");
  }

  private Release with(Duration stall, Duration limit) {
    Release release = page.release(archive);
    return new Release(release.version(), release.base(), release.checksums(), stall, limit);
  }

  private Release unreachable() {
    Map<String, String> checksums = Map.of("nats-server-v9.8.7-linux-amd64.tar.gz", "00");
    URI nobody = URI.create("http://127.0.0.1:1");
    return new Release("9.8.7", nobody, checksums, Duration.ofSeconds(5), Duration.ofSeconds(60));
  }

  private static Path script(Path path, String text) throws IOException {
    Files.createDirectories(path.getParent());
    Files.writeString(path, "#!/bin/sh\n" + text + "\n");
    assertThat(path.toFile().setExecutable(true)).isTrue();
    return path;
  }

  /**
   * Programs that behave like apt-get and dpkg where the system's lists lack the package and one
   * source does not answer.
   *
   * @return a file with one line for every call of apt-get
   */
  private Path fakeApt() throws IOException {
    Path calls = Files.createFile(folder.resolve("calls"));
    script(
        bin.resolve("apt-get"),
        """
        said="$(tr '\\n' ' ' < "$3") $*"
        echo "$said" >> '%s'
        case "$said" in
          *" update") echo "E: Some index files failed to download."; exit 100 ;;
          *Lists*download*) touch nats-server_4.4.4_amd64.deb ;;
          *) echo "E: Unable to locate package nats-server"; exit 100 ;;
        esac"""
            .formatted(calls));
    script(
        bin.resolve("dpkg"),
        """
        mkdir -p "$3/usr/sbin"
        printf '#!/bin/sh\\necho nats-server: v4.4.4\\n' > "$3/usr/sbin/nats-server"
        chmod +x "$3/usr/sbin/nats-server\"""");
    return calls;
  }

  /** No folder of a fetch. */
  private void assertThatNothingIsLeft() throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      assertThat(files)
          .noneMatch(file -> file.getFileName().toString().startsWith(ServerFinder.WORK_PREFIX));
    }
  }

  /** Nothing in the cache but the lock: the next one starts afresh. */
  private void assertThatNothingIsKept() throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      assertThat(files).containsExactly(cache.resolve("lock"));
    }
    page.close();
    open(ReleasePage.always(archive));
    assertThat(find(page.release(archive)).version()).isEqualTo("9.8.7");
  }
}
