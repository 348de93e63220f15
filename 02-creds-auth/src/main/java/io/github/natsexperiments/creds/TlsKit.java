package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What TLS needs, made by {@code keytool} of the JDK: an authority, and a certificate for the
 * server and one for a client that the authority has signed. In PEM, as nats-server and the clients
 * of other languages read it.
 *
 * @see <a href="https://docs.nats.io/learn/security/encryption">NATS documentation: securing NATS
 *     with TLS</a>
 */
final class TlsKit {
  private static final String PASSWORD = "NATS_EXPERIMENTS_KEYSTORE";
  private static final int WIDTH = 64;
  private static final int SIGINT = 130; // Ctrl-C, which a terminal sends to keytool, too

  private final Path folder;
  private final Path store;
  private final char[] password;

  private TlsKit(Path folder) {
    this.folder = folder;
    this.store = folder.resolve("keys.p12");
    byte[] random = new byte[24];
    new SecureRandom().nextBytes(random);
    this.password = Base64.getUrlEncoder().encodeToString(random).toCharArray();
  }

  /**
   * The files, by their path in a kit. The authority's key is in none of them: nobody can sign
   * another certificate.
   */
  static Map<String, String> files()
      throws Failure, IOException, GeneralSecurityException, InterruptedException {
    TlsKit kit = new TlsKit(Files.createTempDirectory("tls-")); // mode 0700
    try {
      return kit.make();
    } finally {
      Files.deleteIfExists(kit.store);
      Files.delete(kit.folder);
    }
  }

  private Map<String, String> make()
      throws Failure, IOException, GeneralSecurityException, InterruptedException {
    pair("authority", "NATS Experiments authority", "-ext", "bc:c", "-validity", "3650");
    // The names that a client may have in its URL: it compares them.
    String names = "san=dns:localhost,ip:127.0.0.1,ip:0:0:0:0:0:0:0:1";
    pair("server", "localhost", "-signer", "authority", "-ext", names, "-ext", "eku=serverAuth");
    pair("client", "client", "-signer", "authority", "-ext", "eku=clientAuth");

    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, password);
    }
    Map<String, String> files = new TreeMap<>();
    files.put("tls/ca.pem", pem("CERTIFICATE", keys.getCertificate("authority").getEncoded()));
    for (String name : List.of("server", "client")) {
      Certificate certificate = keys.getCertificate(name);
      files.put("tls/" + name + "-cert.pem", pem("CERTIFICATE", certificate.getEncoded()));
      byte[] key = keys.getKey(name, password).getEncoded();
      files.put("tls/" + name + "-key.pem", pem("PRIVATE KEY", key));
    }
    return files;
  }

  private void pair(String alias, String name, String... more)
      throws Failure, IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC")); // starts sooner
    command.addAll(List.of("-genkeypair", "-alias", alias, "-dname", "CN=" + name));
    command.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "365"));
    command.addAll(List.of("-storetype", "PKCS12", "-keystore", store.toString()));
    command.addAll(List.of("-storepass:env", PASSWORD)); // others can read arguments
    command.addAll(List.of(more));
    ProcessBuilder keytool = new ProcessBuilder(command).redirectErrorStream(true);
    keytool.environment().put(PASSWORD, new String(password));
    Process process = keytool.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exitCode = process.waitFor();
    if (exitCode == SIGINT) {
      throw new InterruptedException("keytool");
    } else if (exitCode != 0) {
      throw new Failure(ExitCode.FAILED, "keytool cannot make a certificate: " + output.strip());
    }
  }

  static String pem(String type, byte[] bytes) {
    String text = Base64.getMimeEncoder(WIDTH, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n";
  }

  /** The block of a server.conf. */
  static String serverConf(Path kit) {
    // nats-server looks for the files from where it is started: so whole paths.
    String path = kit.toAbsolutePath().normalize().resolve("tls").toString();
    path = path.replace('\\', '/').replace("\"", "\\\"");
    return """

        # TLS: the traffic is encrypted, and the client can check whom it talks to.
        tls {
          cert_file: "%s/server-cert.pem"
          key_file: "%s/server-key.pem"
          # With verify: true a client needs a certificate of this authority, too.
          ca_file: "%s/ca.pem"
          verify: false
          # Seconds for the handshake: a JVM that has just started may need more than the usual two.
          timeout: 5
        }
        """
        .formatted(path, path, path);
  }
}
