package io.github.natsexperiments.creds;

import static io.github.natsexperiments.creds.IssuedKit.failsWith;
import static java.nio.file.StandardOpenOption.APPEND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the issuer writes, where, and what it refuses to overwrite. */
class CredsIssuerIT {
  private static final List<String> KIT =
      List.of(
          ".gitignore",
          "keys/account.seed",
          "keys/operator.seed",
          "keys/system.seed",
          "operator.jwt",
          "publisher.creds",
          "server.conf",
          "subscriber.creds");

  @TempDir Path folder;

  private RunningProgram issuer(Object... args) {
    Program program = Program.jar("issuer").directory(folder).args(args);
    if (Stream.of(args).noneMatch(Set.of("--out", "--show")::contains)) {
      program.args("--out", "kit");
    }
    RunningProgram issuer = program.start();
    issuer.waitForExit();
    return issuer;
  }

  private Path kit() {
    return folder.resolve("kit");
  }

  /** Every file in the test's folder, so that what is left beside a kit is seen, too. */
  private Map<String, String> content() throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        content.put(folder.relativize(file).toString().replace('\\', '/'), Files.readString(file));
      }
    }
    return content;
  }

  private static List<String> inKit(List<String> names) {
    return names.stream().map(name -> "kit/" + name).sorted().toList();
  }

  @Test
  void aKitIsCompleteAndForItsOwnerOnly() throws IOException {
    assertThat(issuer().waitForExit()).isZero();
    assertThat(content().keySet()).containsExactlyElementsOf(inKit(KIT));
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    try (Stream<Path> files = Files.walk(kit())) {
      for (Path file : files.toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .as(file.toString())
            .isEqualTo(Files.isDirectory(file) ? "rwx------" : "rw-------");
      }
    }
  }

  @Test
  void theDefaultFolderIsTheLessons() throws IOException {
    failsWith(
        2,
        Program.jar("issuer").directory(folder).start(),
        folder.toRealPath().toString(),
        "--out");
    assertThat(content()).isEmpty();

    Files.createDirectory(folder.resolve("02-creds-auth"));
    RunningProgram issuer = Program.jar("issuer").directory(folder).start();
    assertThat(issuer.waitForExit()).isZero();
    issuer.waitForStderr(" in " + folder.toRealPath().resolve("02-creds-auth/creds"));
    assertThat(content()).containsKey("02-creds-auth/creds/server.conf");
    issuer.waitForStderr("nats-server -c " + Path.of("02-creds-auth", "creds", "server.conf"));
  }

  @Test
  void gitDoesNotSeeAKit() throws IOException {
    assertThat(git("init", "-q").waitForExit()).isZero();
    issuer();
    RunningProgram status = git("status", "--porcelain");
    assertThat(status.waitForExit()).isZero();
    assertThat(status.stdoutLines()).isEmpty();
  }

  private RunningProgram git(String... args) {
    return Program.command(Stream.concat(Stream.of("git"), Stream.of(args)).toArray(String[]::new))
        .directory(folder)
        .start();
  }

  @Test
  void aKitThatIsThereStays() throws IOException {
    issuer();
    Map<String, String> before = content();
    failsWith(1, issuer(), "kit is there already", "--force");
    assertThat(content()).isEqualTo(before);
  }

  @Test
  void forceReplacesAKitWhole() throws IOException {
    issuer();
    issuer("--user", "guest");
    Map<String, String> before = content();
    assertThat(before).containsKey("kit/guest.creds");

    assertThat(issuer("--force").waitForExit()).isZero();
    Map<String, String> after = content();
    assertThat(after.keySet()).containsExactlyElementsOf(inKit(KIT));
    after.remove("kit/.gitignore");
    assertThat(after).allSatisfy((file, text) -> assertThat(text).isNotEqualTo(before.get(file)));
  }

  @Test
  void whatIsNoKitStaysInSpiteOfForce() throws IOException {
    Files.createDirectory(kit());
    Files.writeString(kit().resolve("thesis.txt"), "my only copy");
    failsWith(1, issuer("--force"), "thesis.txt is not of a kit");

    Files.delete(kit().resolve("thesis.txt"));
    assertThat(issuer().waitForExit()).isZero(); // an empty folder is nobody's
    Files.writeString(kit().resolve("thesis.txt"), "my only copy");
    Map<String, String> before = content();
    failsWith(1, issuer("--force"), "thesis.txt is not of a kit");
    assertThat(content()).isEqualTo(before);
  }

  @Test
  void aFolderThatCannotBeMadeLeavesNothing() throws IOException {
    Files.writeString(folder.resolve("file"), "");
    failsWith(1, Program.jar("issuer").directory(folder).args("--out", "file/kit").start());
    failsWith(1, Program.jar("issuer").directory(folder).args("--out", "file").start());
    failsWith(1, Program.jar("issuer").directory(folder).args("--out", "file", "--force").start());
    assertThat(content().keySet()).containsExactly("file");
  }

  @Test
  void showTellsEverythingButTheSeeds() throws IOException {
    issuer("--expires", "1h");
    for (String file : KIT) {
      RunningProgram show = issuer("--show", kit().resolve(file));
      String all = String.join("\n", show.stdoutLines()) + String.join("\n", show.stderrLines());
      assertThat(all).doesNotContainPattern("\\bS[A-Z2-7]{57}\\b");
      assertThat(show.waitForExit()).isEqualTo(file.matches("keys/.*|.gitignore") ? 1 : 0);
    }
    assertThat(String.join("\n", issuer("--show", "kit/publisher.creds").stdoutLines()))
        .containsPattern("(?m)^user \"publisher\"$")
        .containsPattern("(?m)^  key: +U[A-Z2-7]{55}$")
        .containsPattern("(?m)^  signed by: +A[A-Z2-7]{55}$")
        .containsPattern("(?m)^  expires: +20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$")
        .containsPattern("(?m)^  may publish to: +foo$")
        .containsPattern("(?m)^  may subscribe to: +nothing$");
    assertThat(String.join("\n", issuer("--show", "kit/server.conf").stdoutLines()))
        .containsPattern("(?m)^operator \"operator\"$")
        .containsPattern("(?m)^account \"SYS\"$")
        .containsPattern("(?m)^account \"LESSON\"$")
        .containsPattern("(?m)^  JetStream: +disk 1073741824 bytes, memory 67108864 bytes")
        .doesNotContain("DOES NOT FIT");
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  @DisabledOnOs(OS.WINDOWS)
  void aSignalLeavesNoKeyOfTheAuthority(String signal) throws IOException {
    Path temp = Files.createDirectory(folder.resolve("temp"));
    RunningProgram issuer =
        Program.jar("issuer")
            .jvmArgs("-Djava.io.tmpdir=" + temp)
            .args("--out", kit(), "--tls")
            .start();
    Awaitility.await().until(() -> isIn(temp, "keys.p12"));
    issuer.signal(signal);
    if (signal.equals("INT")) { // a terminal sends it to keytool, too
      ProcessHandle.of(issuer.pid()).stream()
          .flatMap(ProcessHandle::children)
          .forEach(
              child -> Program.command("kill", "-INT", "" + child.pid()).start().waitForExit());
    }
    assertThat(issuer.waitForExit()).isEqualTo(signal.equals("INT") ? 130 : 143);
    assertThat(issuer.stderrLines()).noneMatch(line -> line.startsWith("ERROR"));
    assertThat(temp).isEmptyDirectory();
  }

  private static boolean isIn(Path folder, String name) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.anyMatch(file -> file.endsWith(name));
    }
  }

  @Test
  void whatHoldsNoJwt() throws IOException {
    failsWith(1, issuer("--show", folder), "There is no JWT of NATS in " + folder);
    Path binary = Files.write(folder.resolve("binary"), new byte[] {-1, -2, 0});
    failsWith(1, issuer("--show", binary), "There is no JWT of NATS in " + binary);
  }

  @Tag("more")
  @Test
  void aJwtOfSomethingElse() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "eyJhIjoxfQ.eyJhIjoxfQ.eyJhIjoxfQ\n");
    failsWith(1, issuer("--show", file), "There is no JWT of NATS in " + file);
    issuer();
    Files.writeString(file, Files.readString(kit().resolve("operator.jwt")), APPEND);
    assertThat(issuer("--show", file).stdoutLines()).contains("operator \"operator\"");
  }

  @Tag("more")
  @ParameterizedTest
  @ValueSource(strings = {"", "SA", "garbage", "\u00e4", "operator"})
  void aSeedThatIsOfNoUse(String what) throws IOException {
    issuer();
    Path seed = kit().resolve("keys/account.seed");
    Path operator = kit().resolve("keys/operator.seed");
    String text = what.equals("operator") ? Files.readString(operator) : what;
    Files.writeString(seed, text, StandardCharsets.ISO_8859_1);
    String why = Path.of("kit", "keys", "account.seed") + " holds no seed of an account";
    failsWith(1, issuer("--user", "guest"), why, "--force");
    failsWith(1, issuer("--revoke", "publisher"), why, "--force");
  }

  /** To write more than a file may have fails as on a full disk, in the same place. */
  @Tag("more")
  @Test
  @EnabledOnOs(OS.LINUX)
  void aDiskThatIsFull() throws IOException {
    String jar = Path.of("target", "issuer.jar").toAbsolutePath().toString();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String full = "ulimit -f 1; exec '%s' -XX:-UsePerfData -jar '%s' --out '%s'";
    RunningProgram issuer = Program.command("sh", "-c", full.formatted(java, jar, kit())).start();
    failsWith(1, issuer, "Cannot use " + kit() + ": ", "name another one");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void standardOutputThatIsFull() {
    issuer();
    String jar = Path.of("target", "issuer.jar").toAbsolutePath().toString();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String file = kit().resolve("publisher.creds").toString();
    String show = "exec '%s' -jar '%s' --show '%s' > /dev/full".formatted(java, jar, file);
    failsWith(1, Program.command("sh", "-c", show).start(), "Cannot write to standard output: ");
  }

  @Test
  void whoeverChangesAJwtIsSeen() throws IOException {
    issuer();
    Path jwt = kit().resolve("operator.jwt");
    String text = Files.readString(jwt);
    int at = text.length() - 20;
    char other = text.charAt(at) == 'A' ? 'B' : 'A';
    Files.writeString(jwt, text.substring(0, at) + other + text.substring(at + 1));
    assertThat(String.join("\n", issuer("--show", jwt).stdoutLines())).contains("DOES NOT FIT");
  }

  @Test
  void aUserIsAddedOnceAndReplacedOnlyWhenRevoked() throws IOException {
    issuer();
    issuer("--user", "guest", "--allow-sub", "foo")
        .waitForStderr("who may publish to nothing and subscribe to foo");
    Map<String, String> before = content();
    failsWith(1, issuer("--user", "guest"), "guest.creds is there already", "--revoke");
    assertThat(content()).isEqualTo(before);

    issuer("--renew", "guest", "--expires", "1h").waitForStderr("subscribe to foo, until 20");
    assertThat(seed("guest")).isEqualTo(seed(before.get("kit/guest.creds").lines()));
    assertThat(content().keySet()).isEqualTo(before.keySet());

    issuer("--revoke", "guest");
    failsWith(1, issuer("--renew", "guest"), "User \"guest\" is revoked");
    assertThat(issuer("--user", "guest").waitForExit()).isZero();
    assertThat(seed("guest")).isNotEqualTo(seed(before.get("kit/guest.creds").lines()));

    // A second revocation keeps the first.
    issuer("--revoke", "publisher");
    assertThat(issuer("--show", "kit/server.conf").stdoutLines())
        .filteredOn(line -> line.startsWith("  revoked:"))
        .hasSize(2);
  }

  private String seed(String user) throws IOException {
    return seed(Files.readString(kit().resolve(user + ".creds")).lines());
  }

  private static String seed(Stream<String> creds) {
    return creds.filter(line -> line.startsWith("SU")).findFirst().orElseThrow();
  }

  @Test
  void theRestOfServerConfStaysWhenAUserIsRevoked() throws IOException {
    issuer();
    Path conf = kit().resolve("server.conf");
    Files.writeString(conf, Files.readString(conf) + "\nport: 5555 # mine\n");
    assertThat(issuer("--revoke", "publisher").waitForExit()).isZero();
    assertThat(Files.readString(conf)).contains("port: 5555 # mine");
  }

  @Tag("more")
  @Test
  void changesAtTheSameTimeAreAllKept() {
    issuer();
    List<String> users = List.of("a", "b", "c", "d", "e", "f");
    users.forEach(user -> assertThat(issuer("--user", user).waitForExit()).isZero());
    List<RunningProgram> issuers =
        users.stream()
            .map(user -> Program.jar("issuer").args("--out", kit(), "--revoke", user).start())
            .toList();
    assertThat(issuers).allSatisfy(issuer -> assertThat(issuer.waitForExit()).isZero());
    assertThat(issuer("--show", "kit/server.conf").stdoutLines())
        .filteredOn(line -> line.startsWith("  revoked:"))
        .hasSameSizeAs(users);
  }

  @Tag("more")
  @Test
  void withoutAKitThereIsNothingToAddTo() throws IOException {
    failsWith(1, issuer("--user", "guest"), Path.of("kit", "operator.jwt") + " does not exist");
    failsWith(1, issuer("--revoke", "guest"), "does not exist");
    failsWith(1, issuer("--show", "nothing"), "nothing does not exist");
    issuer();
    failsWith(4, issuer("--revoke", "nobody"), "nobody.creds does not exist");
    failsWith(4, issuer("--renew", "nobody"), "nobody.creds does not exist");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--user ../guest",
        "--user guest --renew guest",
        "--user guest --force",
        "--allow-pub foo",
        "--user guest --allow-pub foo..bar",
        "--expires 0",
        "--expires 500ms",
        "--expires soon",
        "--show x --expires 1h",
        "--show x --out kit",
        "surplus",
      })
  void wrongUsage(String args) throws IOException {
    failsWith(2, issuer((Object[]) args.split(" ")));
    assertThat(content()).isEmpty();
  }

  @Test
  void helpAndVersion() {
    assertThat(issuer("--help").stdoutLines()).contains("Examples:");
    assertThat(issuer("-V").stdoutLines()).first().asString().startsWith("NATS Experiments ");
  }
}
