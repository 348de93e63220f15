package io.github.natsexperiments.creds;

import static io.github.natsexperiments.creds.IssuedKit.failsWith;
import static io.github.natsexperiments.creds.IssuedKit.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.cli.Creds;
import io.github.natsexperiments.cli.Jwt;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import io.nats.client.NKey;
import io.nats.client.support.JwtUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logins as servers and files in the field have them. */
class CredsFaultsIT {
  private static final IssuedKit kit = IssuedKit.issue();
  @RegisterExtension static final TestServer server = TestServer.with(kit.serverConf());

  @TempDir private Path folder;

  private RunningProgram publish(RunningServer server, Object... args) {
    return Program.jar("publisher").args("-s", server.url(), "-n", 1).args(args).start();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "blanks at the end of every line",
        "blank lines after the headers",
        "text before and after",
        "CRLF",
      })
  void aFileThatJnatsTakes(String how) throws IOException {
    String good = Files.readString(kit.file("publisher.creds"));
    String text =
        switch (how) {
          case "blanks at the end of every line" -> good.replace("\n", "  \t\n");
          case "blank lines after the headers" -> good.replaceAll("(?m)^(-.*BEGIN.*)$", "$1\n\n");
          case "text before and after" -> "for the lesson\n\n" + good + "\nkeep it secret\n";
          default -> good.replace("\n", "\r\n");
        };
    Path file = Files.writeString(folder.resolve("x.creds"), text);
    assertThat(publish(server, "--creds", file).waitForExit()).isZero();
  }

  @Test
  void aByteOrderMark() throws IOException {
    Path file = folder.resolve("x.creds");
    Files.writeString(file, "\uFEFF" + Files.readString(kit.file("publisher.creds")));
    failsWith(4, publish(server, "--creds", file), "begins with a byte order mark");
  }

  /** The account has a template for all users that a signing key signs for. */
  @Tag("more")
  @Test
  void aUserOfAScopedSigningKey() throws Exception {
    NKey account = key("account");
    NKey signing = NKey.createAccount(null);
    NKey user = NKey.createUser(null);
    String scope =
        """
        "signing_keys":[{"kind":"user_scope","key":"%s","role":"limited","template":{\
        "pub":{"allow":["foo","$SYS.REQ.USER.INFO"]},"sub":{"allow":["_INBOX.>"]},\
        "subs":-1,"data":-1,"payload":-1}}],"limits\""""
            .formatted(Jwts.publicKey(signing));
    Jwt old =
        Jwt.in(kit.file("server.conf")).stream()
            .filter(jwt -> jwt.name().equals("LESSON"))
            .findFirst()
            .orElseThrow();
    String claim = new String(java.util.Base64.getUrlDecoder().decode(old.text().split("[.]")[1]));
    String nats = claim.substring(claim.indexOf("\"nats\":") + 7, claim.lastIndexOf('}'));
    String scoped = sign(key("operator"), account, "LESSON", nats.replace("\"limits\"", scope));
    String limited =
        sign(
            signing,
            user,
            "limited",
            "{\"type\":\"user\",\"version\":2,\"issuer_account\":\"%s\"}"
                .formatted(Jwts.publicKey(account)));
    Path file = folder.resolve("limited.creds");
    Files.writeString(file, JwtUtils.NATS_USER_JWT_FORMAT.formatted(limited, Jwts.seed(user)));
    ServerConfig conf =
        new ServerConfig("creds", kit.serverConf().text().replace(old.text(), scoped));

    try (RunningServer other = TestServer.start(conf)) {
      RunningProgram allowed = publish(other, "--creds", file);
      assertThat(allowed.waitForExit()).isZero();
      assertThat(String.join("\n", allowed.stderrLines())).doesNotContain("anything");
      if (other.description().contains("2.9.")) {
        allowed.waitForStderr("whose permissions only the server knows");
      } else {
        allowed.waitForStderr( // which the server names in any order
            line -> line.matches(".*who may publish to (foo, )?.SYS.REQ.USER.INFO(, foo)? and .*"));
      }
      failsWith(4, publish(other, "--creds", file, "--subject", "bar"), "Publish to \"bar\"");
    }
  }

  private static NKey key(String name) throws Exception {
    return NKey.fromSeed(
        Files.readString(kit.file("keys/" + name + ".seed")).strip().toCharArray());
  }

  private static String sign(NKey issuer, NKey subject, String name, String nats) throws Exception {
    return JwtUtils.issueJWT(
        issuer,
        Jwts.publicKey(subject),
        name,
        null,
        JwtUtils.currentTimeSeconds(),
        Jwts.publicKey(issuer),
        () -> nats);
  }

  @Test
  void aServerThatTakesEverybodyForAGuest() throws IOException {
    ServerConfig conf =
        new ServerConfig(
            "guests",
            """
            http: 8222
            accounts { A: { users: [ { user: guest, password: example } ] } }
            no_auth_user: guest
            """);
    try (RunningServer guests = TestServer.start(conf)) {
      RunningProgram publisher =
          publish(guests, "--creds", kit.file("publisher.creds"), "--subject", "bar");
      assertThat(publisher.waitForExit()).isZero();
      assertThat(String.join("\n", publisher.stderrLines())).doesNotContain("Logged in as");
      if (!guests.description().contains("2.9.")) {
        publisher.waitForStderr("WARN The server takes us for another user than");
        publisher.waitForStderr("\"guest\"");
      }
    }
  }

  @Test
  void aUserWhoMayComeFromElsewhereOnly() throws Exception {
    NKey user = NKey.createUser(null);
    String jwt =
        sign(
            key("account"),
            user,
            "elsewhere",
            "{\"type\":\"user\",\"version\":2,\"subs\":-1,\"data\":-1,\"payload\":-1,"
                + "\"src\":[\"10.9.8.0/24\"],\"times\":[{\"start\":\"01:00:00\",\"end\":\"02:00:00\"}]}");
    Path file = folder.resolve("elsewhere.creds");
    Files.writeString(file, JwtUtils.NATS_USER_JWT_FORMAT.formatted(jwt, Jwts.seed(user)));
    assertThat(Creds.parse(file).user().limits()).contains("from 10.9.8.0/24");
    failsWith(
        4, publish(server, "--creds", file), "may log in only from 10.9.8.0/24, between 01:00:00");
  }

  @Tag("soak")
  @Test
  void aUserWithAPassword() throws IOException {
    ServerConfig conf =
        new ServerConfig(
            "users", "http: 8222\nauthorization { users: [ { user: ada, password: example } ] }\n");
    Path password = Files.writeString(folder.resolve("password"), "example\n");
    Path wrong = Files.writeString(folder.resolve("wrong"), "examples\n");
    try (RunningServer users = TestServer.start(conf)) {
      assertThat(publish(users, "--user", "ada", "--password-file", password).waitForExit())
          .isZero();
      RunningProgram fromEnvironment =
          Program.jar("publisher")
              .args("-s", users.url(), "-n", 1)
              .env("NATS_USER", "ada")
              .env("NATS_PASSWORD", "example")
              .start();
      assertThat(fromEnvironment.waitForExit()).isZero();
      String url = users.url().replace("nats://", "nats://ada:example@");
      RunningProgram inUrl = Program.jar("publisher").args("-s", url, "-n", 1).start();
      assertThat(inUrl.waitForExit()).isZero();
      failsWith(
          4,
          publish(users, "--user", "ada", "--password-file", wrong),
          "it does not accept the password of user \"ada\"");
      failsWith(4, publish(users), "it asks for a token or a password");
      failsWith(2, publish(users, "--user", "ada"), "NATS_PASSWORD");
      failsWith(2, publish(users, "--user", "ada", "--token-file", "x"), "One login at a time");
      RunningProgram twice = Program.jar("publisher").args("-s", url, "--token-file", "x").start();
      failsWith(2, twice, "One login at a time");
      failsWith(2, publish(users, "--password-file", "x"), "--password-file is for a user");
    }
  }

  @Tag("more")
  @Test
  void anNkey() throws Exception {
    NKey user = NKey.createUser(null);
    ServerConfig conf =
        new ServerConfig(
            "nkeys",
            "http: 8222\nauthorization { users: [ { nkey: %s } ] }\n"
                .formatted(Jwts.publicKey(user)));
    Path seed = Files.writeString(folder.resolve("user.nk"), Jwts.seed(user) + "\n");
    Path other =
        Files.writeString(folder.resolve("other.nk"), Jwts.seed(NKey.createUser(null)) + "\n");
    try (RunningServer nkeys = TestServer.start(conf)) {
      assertThat(publish(nkeys, "--nkey", seed).waitForExit()).isZero();
      failsWith(4, publish(nkeys, "--nkey", other), "it does not accept the nkey in " + other);
      failsWith(4, publish(nkeys, "--nkey", kit.file("server.conf")), "holds no seed of a user");
    }
  }

  /** jnats closes the connection for good, and says so to nobody but a ConnectionListener. */
  @Test
  @DisabledOnOs(OS.WINDOWS) // there a server cannot be told to read its configuration
  void anOpenServerThatAsksForALoginAfterARestart() throws IOException {
    try (RunningServer open = TestServer.start(ServerConfig.profile("open"))) {
      RunningProgram publisher = Program.jar("publisher").args("-s", open.url()).start();
      RunningProgram subscriber = waiting(Program.jar("subscriber").args("-s", open.url()));
      publisher.waitForStdout("Hello #0");
      String conf = ServerConfig.profile("open").text() + "\nauthorization { token: example }\n";
      open.reload(new ServerConfig("closed", conf));
      for (RunningProgram program : List.of(publisher, subscriber)) {
        assertThat(program.waitForExit(Duration.ofSeconds(10))).isEqualTo(4);
        failsWith(4, program, "The server does not accept us any more");
        assertThat(String.join("\n", program.stderrLines()))
            .contains(program == publisher ? "Published " : "Received ");
      }
    }
  }

  @Test
  void theSecretStaysWhereItIs() throws IOException {
    Map<String, String> secrets = Map.of("NATS_PASSWORD", "s3cret-word", "NATS_USER", "ada");
    Program program = Program.jar("publisher").args("-s", server.url(), "-n", 1, "--verbose");
    secrets.forEach(program::env);
    RunningProgram running = program.start();
    assertThat(running.waitForExit()).isEqualTo(4);
    assertThat(running.toString()).doesNotContain("s3cret-word");
  }
}
