package io.github.natsexperiments.lab;

import static io.github.natsexperiments.lab.LabProcess.withServer;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher {@code lab} in a copy of the project, in a folder with spaces in its path. */
@DisabledOnOs(OS.WINDOWS)
@Tag("soak")
class LauncherIT {
  private static final Path PROJECT = Path.of("..", "..").toAbsolutePath().normalize();
  private static final List<String> JARS =
      List.of(
          "support/lab/target/lab.jar",
          "01-basic/target/publisher.jar",
          "01-basic/target/subscriber.jar");

  private static final String SYSTEM_PATH = System.getenv("PATH");

  /** Makes the jars of the modules. */
  private static final String FAKE =
      """
      case $2 in *support/lab*) cp '%1$s/support/lab/target/lab.jar' support/lab/target ;; esac
      case $2 in *01-basic*) cp '%1$s'/01-basic/target/*er.jar 01-basic/target ;; esac\
      """;

  @TempDir private Path temporary;
  private Path project;
  private Path tools;

  /** Every jar is a minute old, and every source older. */
  @BeforeEach
  void copyProject() throws IOException {
    project = Files.createDirectories(temporary.resolve("a project/of mine"));
    tools = Files.createDirectory(temporary.resolve("tools"));
    copy(PROJECT.resolve("lab"));
    copy(PROJECT.resolve("servers"));
    try (Stream<Path> poms = Files.find(PROJECT, 3, (file, is) -> file.endsWith("pom.xml"))) {
      for (Path pom : poms.toList()) {
        copy(pom);
        copy(pom.resolveSibling("src/main"));
      }
    }
    try (Stream<Path> sources = Files.walk(project)) {
      sources.forEach(source -> setAge(source, 120));
    }
    for (String jar : JARS) {
      copy(PROJECT.resolve(jar));
      setAge(project.resolve(jar), 60);
    }
  }

  @Test
  void runsFromAnywhereAndThroughLinks() throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("elsewhere"));
    Path link = Files.createSymbolicLink(folder.resolve("far"), project.resolve("lab"));
    Files.createSymbolicLink(folder.resolve("near"), link.getFileName());

    RunningProgram lab = lab(folder.resolve("near"), "run", "1", "-n", 1, "-i", 0).start();

    assertThat(lab.waitForExit()).isZero();
    lab.waitForStdout("sub | Received a message");
    assertThat(lab.stderrLines()).noneMatch(line -> line.contains("Building"));
  }

  @Test
  void needsNoUtf8Locale() {
    // In a shell of its own, because the locale of the tests may not know the letter either.
    String command = "exec \"$0\" run 1 -n 1 -i 0 -m \"$(printf 'Letter \\320\\226')\"";
    RunningProgram lab =
        withServer(Program.command("sh", "-c", command, project.resolve("lab").toString()))
            .env("LC_ALL", "C")
            .start();

    assertThat(lab.waitForExit()).isZero();
    lab.waitForStdout("pub | Published a message to subject \"foo\": Letter Ж");
    lab.waitForStdout("sub | Received a message from subject \"foo\" (reply = \"\"): Letter Ж");
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      textBlock =
          """
          pom.xml,                                  run 01-basic -h, 'support/lab,01-basic'
          pom.xml,                                  server --help,  support/lab
          support/cli/src/main,                     run 1 -h,       'support/lab,01-basic'
          support/resilience/src/main,              run 1 -h,       'support/lab,01-basic'
          support/resilience/pom.xml,               -V,             support/lab
          01-basic/src/main,                        break --kills 3 1 -h, 01-basic
          01-basic/src/main,                        --verbose run 1 -h, 01-basic
          support/server/pom.xml,                   run 01 -h,      support/lab
          servers/open.conf,                        info --help,    support/lab
          support/lab/src/main,                     run 1 -h,       support/lab
          01-basic/pom.xml,                         run 1 -h,       01-basic
          01-basic/src/main/java,                   run --verbose 1 -h, 01-basic
          01-basic/src/main,                        -V,             none
          support/testkit/src/main,                 run 1 -h,       none
          01-basic/src/main,                        run 99,         none
          """)
  void buildsWhatIsOlderThanItsSources(String changed, String args, String modules)
      throws IOException {
    maven(FAKE);
    setAge(project.resolve(changed), 30);

    assertThat(run(args.split(" ")).stderrLines())
        .filteredOn(line -> line.contains("Building"))
        .hasSize(modules == null ? 0 : 1);
    assertThat(built()).isEqualTo(modules == null ? List.of() : List.of(modules));

    run(args.split(" "));
    assertThat(built()).as("builds once").hasSize(modules == null ? 0 : 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "support/lab/target/lab.jar",
        "01-basic/target/publisher.jar",
        "01-basic/target/subscriber.jar"
      })
  void buildsWhatIsMissing(String jar) throws IOException {
    maven(FAKE);
    Files.delete(project.resolve(jar));

    assertThat(run("run", "1", "-h").waitForExit()).isZero();

    assertThat(built()).containsExactly(jar.replaceFirst("/target/.*", ""));
  }

  @ParameterizedTest
  @CsvSource({
    "server creds -h, 02-creds-auth",
    "server --port 0 creds -h, 02-creds-auth",
    "server token --port 0 -h, 06-kv-token",
    "server -h token, 06-kv-token",
    "server --data creds -h,",
    "server -h,"
  })
  void buildsTheIssuerOfTheProfileWhateverTheOrderOfTheWords(String args, String module)
      throws IOException {
    maven(FAKE);

    assertThat(run(args.split(" ")).waitForExit()).isZero();

    assertThat(built()).isEqualTo(module == null ? List.of() : List.of(module));
  }

  @Test
  void whatItPrintsCanBeTypedInAnyFolder() throws IOException {
    String refused = run("run", "1", "--foo").stderrLines().get(0);
    String[] commands = refused.replaceFirst(".* See ", "").split(" and (?=java)");

    assertThat(commands).hasSize(2);
    Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
    for (String command : commands) {
      Program typed = Program.command("sh", "-c", "cd '" + elsewhere + "' && " + command);
      assertThat(typed.start().waitForExit()).as(command).isZero();
    }
  }

  @Test
  void buildsAgainWhenASourceWasSavedDuringTheBuild() throws IOException {
    // Until the file is newer by the clock of the file system, which ticks in milliseconds.
    maven(
        """
        new=support/cli/src/main/new
        until [ -n "$(find $new -newer support/lab/target/build.started)" ]; do touch $new; done
        """
            + FAKE);
    setAge(project.resolve("pom.xml"), 30);

    run("-V");
    maven(FAKE);
    run("-V");
    run("-V");

    assertThat(built()).containsExactly("support/lab", "support/lab");
  }

  @Test
  void showsTheLogOfABuildThatFails() throws IOException {
    maven("echo 'Foo.java:[3,1] not a statement'; exit 1");
    setAge(project.resolve("pom.xml"), 30);

    RunningProgram lab = run("-V");

    assertThat(lab.waitForExit()).isEqualTo(1);
    assertThat(lab.stderrLines())
        .containsSubsequence("Foo.java:[3,1] not a statement", "lab | The build failed, see above");
    maven(FAKE);
    assertThat(run("-V").waitForExit()).isZero();
  }

  @Test
  void oneBuildsAndTheOtherWaits() throws IOException {
    maven("while [ ! -e '" + tools + "/go' ]; do sleep 0.1; done\n" + FAKE);
    setAge(project.resolve("pom.xml"), 30);

    RunningProgram first = lab(project.resolve("lab"), "-V").start();
    await().until(() -> built().size() == 1);
    RunningProgram second = lab(project.resolve("lab"), "-V").start();
    second.waitForStderr("lab | Waiting for the build of process " + first.pid());
    Files.createFile(tools.resolve("go"));

    assertThat(first.waitForExit()).isZero();
    assertThat(second.waitForExit()).isZero();
    assertThat(built()).hasSize(1);
  }

  @Test
  void doesNotWaitForABuildThatIsDead() throws Exception {
    maven(FAKE);
    setAge(project.resolve("pom.xml"), 30);
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    Path lock = project.resolve("support/lab/target/build.lock");
    Files.createSymbolicLink(lock, Path.of(Long.toString(dead.pid())));

    assertThat(run("-V").waitForExit()).isZero();

    assertThat(built()).hasSize(1);
    assertThat(Files.exists(lock, LinkOption.NOFOLLOW_LINKS)).isFalse();
  }

  @Test
  void saysWhatIsMissingToBuild() throws IOException {
    setAge(project.resolve("pom.xml"), 30);
    Path home = Files.createDirectories(tools.resolve("jdk/bin")).getParent();
    String java = home + "/bin/java";
    assertRefused(SYSTEM_PATH, home, "There is no " + java + ": install JDK 17 or newer");

    script(Path.of(java), "echo 'java version \"1.8.0_202\"' >&2");
    assertRefused(SYSTEM_PATH, home, java + " is too old: install JDK 17 or newer");

    script(Path.of(java), "echo 'openjdk version \"21\" 2023-09-19' >&2");
    script(tools.resolve("mvn"), "echo 'Apache Maven 3.6.3 (cecedd34300269)'");
    assertRefused(tools + ":" + SYSTEM_PATH, home, "mvn is too old: install Maven 3.8 or newer");

    Files.delete(tools.resolve("mvn"));
    for (String tool : List.of("dirname", "find", "head", "sed")) {
      script(tools.resolve(tool), "PATH='" + SYSTEM_PATH + "' exec " + tool + " \"$@\"");
    }
    assertRefused(tools.toString(), home, "There is no mvn: install Maven 3.8 or newer");
  }

  private void assertRefused(String path, Path javaHome, String message) {
    RunningProgram lab =
        lab(project.resolve("lab"), "-V")
            .env("PATH", path)
            .env("JAVA_HOME", javaHome.toString())
            .start();
    assertThat(lab.waitForExit()).isEqualTo(1);
    assertThat(lab.stderrLines()).singleElement().asString().startsWith("lab | " + message);
  }

  /** The only test that calls the real Maven, with the local repository of this build. */
  @Test
  void buildsAFreshClone() throws IOException {
    for (String jar : JARS) {
      Files.delete(project.resolve(jar));
    }
    String repository = System.getProperty("localRepository");
    script(
        tools.resolve("mvn"),
        "PATH='%s' exec mvn -o '-Dmaven.repo.local=%s' \"$@\"".formatted(SYSTEM_PATH, repository));

    RunningProgram lab = lab(project.resolve("lab"), "run", "1", "-n", 1, "-i", 0).start();

    assertThat(lab.waitForExit(Duration.ofMinutes(4))).isZero();
    lab.waitForStdout("sub | Received a message");
    assertThat(lab.stderrLines()).first().asString().startsWith("lab | Building ... (the first");
    assertThat(run("run", "1", "-h").stderrBytes()).as("builds once").isEmpty();
  }

  private RunningProgram run(String... args) {
    RunningProgram lab = lab(project.resolve("lab"), (Object[]) args).start();
    lab.waitForExit();
    return lab;
  }

  private Program lab(Path launcher, Object... args) {
    return withServer(Program.command(launcher.toString()))
        .env("PATH", tools + ":" + SYSTEM_PATH)
        .env("JAVA_HOME", System.getProperty("java.home"))
        .args(args);
  }

  /** Puts a Maven on the path that prints what it is asked to build, and does this instead. */
  private void maven(String build) throws IOException {
    script(
        tools.resolve("mvn"),
        """
        if [ "$1" = -v ]; then
          echo 'Apache Maven 3.9.9 (8e8579a9e76f7d015ee5ec7bfcdc97d260186937)'
          exit
        fi
        while [ "$1" != -pl ]; do shift; done
        echo "$2" >>'%s/built'
        %s
        """
            .formatted(tools, build.formatted(PROJECT)));
  }

  private List<String> built() throws IOException {
    Path built = tools.resolve("built");
    return Files.exists(built) ? Files.readAllLines(built) : List.of();
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private void copy(Path from) throws IOException {
    if (!Files.exists(from)) {
      return;
    }
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = project.resolve(PROJECT.relativize(file));
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, COPY_ATTRIBUTES);
      }
    }
  }

  private static void setAge(Path file, int seconds) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(seconds)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
