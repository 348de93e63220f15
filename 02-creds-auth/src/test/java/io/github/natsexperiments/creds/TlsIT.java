package io.github.natsexperiments.creds;

import static io.github.natsexperiments.creds.IssuedKit.failsWith;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.natsexperiments.server.NativeServer;
import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.server.ServerConfig;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.RunningProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS that works, and every way in which it does not: each in its own words. */
class TlsIT {
  /**
   * From the start of the JVM to its end: half a second on a quiet machine, 2 s where both sides
   * wait for the other's first word. jnats alone says some of these after 10 s.
   */
  private static final Duration SOON = Duration.ofSeconds(4);

  @TempDir private static Path folder;
  private static Path kit;
  private static Path otherKit;

  @BeforeAll
  static void issue() {
    kit = issue("kit");
    otherKit = issue("other");
  }

  private static Path issue(String name) {
    Path made = folder.resolve(name);
    RunningProgram issuer = Program.jar("issuer").args("--out", made, "--tls").start();
    assertThat(issuer.waitForExit(Duration.ofMinutes(2))).isZero(); // keytool, three times
    return made;
  }

  private static RunningServer server(String more) throws IOException {
    return NativeServer.start(tls(more), 0);
  }

  private static ServerConfig tls(String more) {
    String files =
        "cert_file: \"%1$s/server-cert.pem\", key_file: \"%1$s/server-key.pem\""
            .formatted(kit.resolve("tls"));
    String tls = more == null ? "" : "tls { " + files + more + " }\n";
    return new ServerConfig("tls", "http: 8222\n" + tls);
  }

  private static RunningProgram publish(RunningServer server, Object... args) {
    return Program.jar("publisher")
        .args("-s", server.url().replace("127.0.0.1", "localhost"), "-n", 1)
        .args(args)
        .start();
  }

  private static Path pem(Path kit, String name) {
    return kit.resolve("tls").resolve(name + ".pem");
  }

  private static void fails(int exitCode, RunningProgram program, String... parts) {
    failsWith(exitCode, program, parts);
    assertThat(program.stderrLines()).hasSize(1);
    assertThat(program.elapsed()).isLessThan(SOON);
    assertThat(program.stderrLines().get(0)).doesNotContain("./lab server");
  }

  @Test
  void theKitWorksAsItIs() throws IOException {
    ServerConfig conf = new ServerConfig("creds", Files.readString(kit.resolve("server.conf")));
    try (RunningServer server = NativeServer.start(conf, 0)) {
      RunningProgram publisher =
          publish(server, "--creds", kit.resolve("publisher.creds"), "--tlsca", pem(kit, "ca"));
      assertThat(publisher.waitForExit()).isZero();
    }
  }

  /** The paths stand in server.conf, in quotes. */
  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void theFolderOfAKitHasAnyName() throws IOException {
    Path conf = issue("my \"kit\", $it's").resolve("server.conf");
    NativeServer.start(new ServerConfig("creds", Files.readString(conf)), 0).close();
  }

  @Test
  void aServerThatSpeaksTls() throws IOException {
    try (RunningServer server = server("")) {
      assertThat(publish(server, "--tlsca", pem(kit, "ca")).waitForExit()).isZero();
      fails(3, publish(server), "the server wants TLS", "--tlsca");
      fails(
          3,
          publish(server, "--tlsca", pem(otherKit, "ca")),
          "an authority unknown here",
          "--tlsca");
      fails(
          3,
          publish(server, "--tlsca", pem(kit, "ca"), "--tlsfirst"),
          "does not begin with TLS",
          "Leave out --tlsfirst");
    }
  }

  /** jnats goes on trying, and tells nobody why it is in vain. */
  @Tag("soak")
  @ParameterizedTest
  @CsvSource({"'', the server wants TLS", "', handshake_first: true', --tlsfirst"})
  void aServerThatComesBackWithTls(String more, String why) throws IOException {
    ServerConfig open = new ServerConfig("open", "http: 8222\n");
    try (NativeServer server = NativeServer.start(open, 0)) {
      RunningProgram publisher =
          Program.jar("publisher").args("-s", server.url(), "-i", "100ms").start();
      publisher.waitForStdout("Published");
      if (more.contains("first") && server.description().contains("nats-server 2.9.")) {
        return; // which does not know this yet
      }
      server.stop();
      try (RunningServer secured = NativeServer.start(tls(more), server.port())) {
        assertThat(publisher.waitForStderr(why)).startsWith("WARN ").contains(secured.url());
      }
      server.start();
      publisher.waitForStderr("Connected again");
      publisher.sigint();
      assertThat(publisher.waitForExit()).isEqualTo(130);
    }
  }

  @Tag("soak")
  @Test
  void aServerThatAsksForACertificate() throws IOException {
    Path ca = pem(kit, "ca");
    try (RunningServer server = server(", ca_file: \"" + ca + "\", verify: true")) {
      RunningProgram right =
          publish(
              server,
              "--tlsca",
              ca,
              "--tlscert",
              pem(kit, "client-cert"),
              "--tlskey",
              pem(kit, "client-key"));
      assertThat(right.waitForExit()).isZero();
      fails(4, publish(server, "--tlsca", ca), "does not accept our certificate", "--tlscert");
      RunningProgram other =
          publish(
              server,
              "--tlsca",
              ca,
              "--tlscert",
              pem(otherKit, "client-cert"),
              "--tlskey",
              pem(otherKit, "client-key"));
      fails(4, other, "does not accept our certificate");
    }
  }

  @Tag("more")
  @Test
  void aFileWithCertificateAndKey() throws IOException {
    String key = Files.readString(pem(kit, "client-key"));
    Path own = folder.resolve("own.pem");
    Files.writeString(own, key + Files.readString(pem(kit, "client-cert")));
    Path ca = folder.resolve("ca.pem");
    Files.writeString(ca, "Bag Attributes\n" + Files.readString(pem(kit, "ca")) + key);
    try (RunningServer server = server(", ca_file: \"" + pem(kit, "ca") + "\", verify: true")) {
      RunningProgram publisher = publish(server, "--tlsca", ca, "--tlscert", own, "--tlskey", own);
      assertThat(publisher.waitForExit()).isZero();
    }
  }

  @Tag("soak")
  @Test
  void aServerThatBeginsWithTls() throws IOException {
    try (RunningServer server = server("")) {
      if (server.description().contains("nats-server 2.9.")) { // which does not know this yet
        assertThatThrownBy(() -> server(", handshake_first: true"))
            .hasMessageContaining("handshake_first");
        return;
      }
    }
    try (RunningServer server = server(", handshake_first: true")) {
      Path ca = pem(kit, "ca");
      assertThat(publish(server, "--tlsca", ca, "--tlsfirst").waitForExit()).isZero();
      fails(3, publish(server, "--tlsca", ca), "speaks TLS before anything else", "--tlsfirst");
      fails(3, publish(server), "speaks TLS before anything else", "--tlsfirst");
    }
  }

  @Test
  void aServerWithoutTls() throws IOException {
    try (RunningServer server = server(null)) {
      Path ca = pem(kit, "ca");
      fails(3, publish(server, "--tlsca", ca), "does not speak TLS", "Leave out");
      fails(3, publish(server, "--tlsca", ca, "--tlsfirst"), "does not begin with TLS");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--tlsca no-such.pem,                             Cannot read no-such.pem",
    "--tlsca {key},                                   holds no certificate in PEM",
    "--tlscert {cert},                                belong together",
    "--tlscert {cert} --tlskey {cert},                openssl pkcs8 -topk8 -nocrypt",
    "--tlscert {cert} --tlskey {other},               is not the key of the certificate",
    "--tlscert {key} --tlskey {key},                  holds no certificate in PEM",
  })
  void aFileThatIsOfNoUse(String args, String why) {
    String line =
        args.replace("{cert}", pem(kit, "client-cert").toString())
            .replace("{key}", pem(kit, "client-key").toString())
            .replace("{other}", pem(kit, "server-key").toString());
    failsWith(2, Program.jar("publisher").args((Object[]) line.split(" ")).start(), why);
  }

  @Tag("soak")
  @ParameterizedTest
  @CsvSource({
    "localhost, -10d, has expired",
    "localhost, +2d,  is not valid yet",
    "elsewhere, -1d,  is for another name",
  })
  void aCertificateThatDoesNotFit(String name, String start, String why) throws Exception {
    Path store = Files.createTempDirectory(folder, "keys").resolve("keys.p12");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    String[][] pairs = {
      {"ca", "-ext", "bc:c", "-validity", "100"},
      {"s", "-signer", "ca", "-ext", "san=dns:" + name, "-startdate", start, "-validity", "5"},
    };
    for (String[] pair : pairs) {
      List<String> command = new ArrayList<>(List.of(keytool, "-genkeypair", "-alias"));
      command.addAll(List.of(pair));
      command.addAll(List.of("-dname", "CN=" + name, "-keyalg", "EC", "-groupname", "secp256r1"));
      command.addAll(List.of("-keystore", store.toString(), "-storepass", "example"));
      assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }
    java.security.KeyStore keys =
        java.security.KeyStore.getInstance(store.toFile(), "example".toCharArray());
    Path cert = store.resolveSibling("cert.pem");
    Path key = store.resolveSibling("key.pem");
    Path ca = store.resolveSibling("ca.pem");
    Files.writeString(ca, TlsKit.pem("CERTIFICATE", keys.getCertificate("ca").getEncoded()));
    Files.writeString(cert, TlsKit.pem("CERTIFICATE", keys.getCertificate("s").getEncoded()));
    Files.writeString(
        key, TlsKit.pem("PRIVATE KEY", keys.getKey("s", "example".toCharArray()).getEncoded()));
    ServerConfig conf =
        new ServerConfig(
            "misfit",
            "http: 8222\ntls { cert_file: \"" + cert + "\", key_file: \"" + key + "\" }\n");
    try (RunningServer server = NativeServer.start(conf, 0)) {
      fails(3, publish(server, "--tlsca", ca), why);
      fails(3, publish(server, "--tlsca", cert), why);
    }
  }
}
