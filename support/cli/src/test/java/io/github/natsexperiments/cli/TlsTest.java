package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A certificate goes with its own key, whatever the algorithm, and with no other. */
class TlsTest {
  private static final char[] PASSWORD = "example".toCharArray();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519", "RSASSA-PSS"})
  void theKeyOfTheCertificate(String algorithm) throws Exception {
    Path store = folder.resolve("keys.p12");
    KeyStore keys = pairs(store, algorithm, "ours", "other");
    Path certificate = pem("CERTIFICATE", keys.getCertificate("ours").getEncoded());
    Path key = pem("PRIVATE KEY", keys.getKey("ours", PASSWORD).getEncoded());
    assertThat(Tls.context(certificate, certificate, key)).isNotNull();

    if (!algorithm.equals("RSASSA-PSS")) { // which needs parameters to sign
      Path other = pem("PRIVATE KEY", keys.getKey("other", PASSWORD).getEncoded());
      assertThatThrownBy(() -> Tls.context(certificate, certificate, other))
          .hasMessage(other + " is not the key of the certificate");
    }
  }

  private static KeyStore pairs(Path store, String algorithm, String... names) throws Exception {
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    for (String name : names) {
      ProcessBuilder pair =
          new ProcessBuilder(keytool, "-genkeypair", "-alias", name, "-keyalg", algorithm);
      pair.command().addAll(List.of("-dname", "CN=" + name, "-storepass", new String(PASSWORD)));
      pair.command().addAll(List.of("-keystore", store.toString()));
      assertThat(pair.start().waitFor()).isZero();
    }
    return KeyStore.getInstance(store.toFile(), PASSWORD);
  }

  private Path pem(String type, byte[] bytes) throws IOException {
    String text = Base64.getMimeEncoder().encodeToString(bytes);
    return Files.writeString(
        Files.createTempFile(folder, "", ".pem"),
        "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n");
  }
}
