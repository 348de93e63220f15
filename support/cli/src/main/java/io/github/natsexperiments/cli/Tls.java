package io.github.natsexperiments.cli;

import static java.util.stream.Collectors.joining;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** An SSLContext from PEM files, as every other client of NATS takes them. */
final class Tls {
  private static final String TYPE = "PRIVATE KEY-----"; // of PKCS#8
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN " + TYPE + "([^-]+)-----END " + TYPE);
  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----");
  private static final Map<String, String> SIGNATURES =
      Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA");
  private static final byte[] SAMPLE = {1, 2, 3}; // EdDSA does not verify an empty text
  private static final char[] NO_PASSWORD = {};

  private Tls() {}

  /**
   * Makes a context.
   *
   * @param authorities whom to trust; null for whom the JDK trusts
   * @param certificate ours, and with it {@code key}; null for none
   * @throws IllegalArgumentException when a file cannot be used; the message names it
   */
  static SSLContext context(Path authorities, Path certificate, Path key) {
    try {
      KeyStore trusted = null;
      if (authorities != null) {
        trusted = emptyStore();
        int n = 0;
        for (Certificate each : certificates(authorities)) {
          trusted.setCertificateEntry("authority-" + n++, each);
        }
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      X509ExtendedTrustManager manager = (X509ExtendedTrustManager) trust.getTrustManagers()[0];
      context.init(
          key == null ? null : keys(certificate, key),
          new TrustManager[] {new ServerChecking(manager)},
          null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("TLS cannot be used: " + e.getMessage(), e);
    }
  }

  private static KeyManager[] keys(Path certificate, Path key)
      throws GeneralSecurityException, IOException {
    Certificate[] chain = certificates(certificate).toArray(Certificate[]::new);
    KeyStore store = emptyStore();
    store.setKeyEntry("us", privateKey(key, chain[0]), NO_PASSWORD, chain);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, NO_PASSWORD);
    return keys.getKeyManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static Collection<? extends Certificate> certificates(Path file) {
    try {
      // The file may have our key, too, or a text for people.
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      String pem =
          CERTIFICATE.matcher(text).results().map(MatchResult::group).collect(joining("\n"));
      Collection<? extends Certificate> all =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.ISO_8859_1)));
      if (!all.isEmpty()) {
        return all;
      }
    } catch (CertificateException e) {
      // as when there is none
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    throw new IllegalArgumentException(
        file + " holds no certificate in PEM: -----BEGIN CERTIFICATE-----");
  }

  private static PrivateKey privateKey(Path file, Certificate certificate)
      throws GeneralSecurityException {
    try {
      Matcher pem = KEY.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
      if (pem.find()) {
        PublicKey ours = certificate.getPublicKey();
        PrivateKey key =
            KeyFactory.getInstance(ours.getAlgorithm())
                .generatePrivate(
                    new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1))));
        checkPair(ours, key);
        return key;
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    } catch (InvalidKeySpecException | SignatureException | IllegalArgumentException e) {
      throw new IllegalArgumentException(file + " is not the key of the certificate", e);
    }
    throw new IllegalArgumentException(
        file
            + " holds no private key in PEM that begins with -----BEGIN "
            + TYPE
            + "; openssl pkcs8 -topk8 -nocrypt converts an older form");
  }

  /** What the one has signed the other must verify, where we know how they sign. */
  private static void checkPair(PublicKey certified, PrivateKey key)
      throws GeneralSecurityException {
    String algorithm = SIGNATURES.get(certified.getAlgorithm());
    if (algorithm == null) {
      return;
    }
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(SAMPLE);
    byte[] signed = signature.sign();
    signature.initVerify(certified);
    signature.update(SAMPLE);
    if (!signature.verify(signed)) {
      throw new SignatureException("another key");
    }
  }

  private static IllegalArgumentException unreadable(Path file, IOException e) {
    return new IllegalArgumentException(
        "Cannot read " + file + " (" + e.getClass().getSimpleName() + ")", e);
  }

  /**
   * jnats checks who has signed a certificate, and not whose it is; this does both. And the JDK
   * does not ask whether a certificate is valid now when it is itself among those to trust; this
   * does.
   */
  private static final class ServerChecking extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager manager;

    ServerChecking(X509ExtendedTrustManager manager) {
      this.manager = manager;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      chain[0].checkValidity();
      SSLParameters parameters = ((SSLSocket) socket).getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      ((SSLSocket) socket).setSSLParameters(parameters);
      manager.checkServerTrusted(chain, type, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      chain[0].checkValidity();
      manager.checkServerTrusted(chain, type, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      chain[0].checkValidity();
      manager.checkServerTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      throw new CertificateException("we are no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      throw new CertificateException("we are no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      throw new CertificateException("we are no server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return manager.getAcceptedIssuers();
    }
  }
}
