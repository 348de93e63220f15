package io.github.natsexperiments.resilience;

import io.github.natsexperiments.resilience.ConnectFailedException.Reason;
import io.nats.client.Options;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.BufferOverflowException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Finds out why a connect fails: from what jnats says, and from what the port itself says. */
final class Probe {
  /** When to ask why nothing happens. */
  static final Duration SILENCE = Duration.ofMillis(150);

  /** Part of what a server says that has too many connections. */
  static final String FULL = "connections exceeded";

  private static final int MILLIS = 200;
  private static final int SHORT_MILLIS = 100; // where a greeting that comes later does no harm
  private static final int HANDSHAKE_MILLIS = 1000;
  private static final int LONGEST = 4096;

  private Probe() {}

  /** What an error that came while connecting says. */
  static Reason reasonOf(Throwable e) {
    for (Throwable each = e; each != null; each = each.getCause()) {
      String text = String.valueOf(each.getMessage()).toLowerCase(Locale.ROOT);
      if (each instanceof CertificateExpiredException
          || each instanceof CertificateNotYetValidException) {
        return Reason.TLS_EXPIRED;
      } else if (text.startsWith("no name matching") || text.startsWith("no subject alternative")) {
        return Reason.TLS_WRONG_NAME;
      } else if (text.contains("unable to find valid certification path")
          || text.contains("does not chain with any of the trust anchors")) {
        return Reason.TLS_UNKNOWN_AUTHORITY;
      } else if (text.contains("received fatal alert")) {
        return Reason.TLS_CLIENT_CERTIFICATE;
      } else if (text.startsWith("ssl required by server")) {
        return Reason.TLS_REQUIRED;
      } else if (text.startsWith("ssl connection wanted")) {
        return Reason.TLS_NOT_OFFERED;
      } else if (text.contains("unrecognized ssl message")) {
        return Reason.TLS_FIRST_NOT_OFFERED;
      } else if (each instanceof TlsFirstException) {
        return Reason.TLS_FIRST_EXPECTED;
      } else if (JetStreamErrors.isLineTooLong(text) || each instanceof BufferOverflowException) {
        return Reason.FAILED;
      } else if (text.contains(FULL)) {
        return Reason.SERVER_FULL;
      } else if (text.contains("initial info")
          || text.contains("waiting for info")
          || text.contains("non-info")) { // what jnats says of a first line
        return Reason.NOT_A_NATS_SERVER;
      }
    }
    return Reason.UNREACHABLE;
  }

  /** What a server really is whose first line jnats does not understand. */
  static Reason foreign(Options options) {
    // Without a word: Docker, for example, has a port open before the server is there.
    Reason reason = Reason.UNREACHABLE;
    for (URI server : options.getServers()) {
      String greeting = greeting(server, MILLIS);
      if (greeting.isEmpty()
          && !options.isTlsFirst()
          && handshake(server, false, trustingAnybody()) == null) {
        return Reason.TLS_FIRST_EXPECTED; // it has hung up, tired of waiting for us
      }
      if (greeting.startsWith("INFO ")) {
        return greeting.contains(FULL) ? Reason.SERVER_FULL : Reason.UNREACHABLE;
      }
      reason = greeting.isEmpty() ? reason : Reason.NOT_A_NATS_SERVER;
    }
    return reason;
  }

  /** What a port says first; empty when it says nothing. */
  private static String greeting(URI server, int millis) {
    StringBuilder text = new StringBuilder();
    try (Socket socket = open(server, millis)) {
      byte[] buffer = new byte[LONGEST];
      InputStream in = socket.getInputStream();
      int n;
      // A server that refuses says so right behind its first line, and closes.
      while (text.length() < LONGEST && (n = in.read(buffer)) > 0) {
        text.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
        if (!text.toString().startsWith("INFO ")) {
          break;
        }
        socket.setSoTimeout(MILLIS / 3);
      }
    } catch (IOException e) {
      // that was all
    }
    return text.toString();
  }

  /** Whether a server wants to see a certificate of ours. */
  static boolean wantsCertificate(Options options) {
    return options.getServers().stream()
        .anyMatch(server -> greeting(server, MILLIS).contains("\"tls_verify\":true"));
  }

  /**
   * What keeps a connection from coming about of which jnats has said nothing so far, and would not
   * before its timeout: both sides wait for the other's first word, or the server has refused our
   * certificate, which TLS 1.3 says only behind the handshake. Null for another reason.
   */
  static IOException whySilent(Options options) {
    IOException why = null;
    for (URI server : options.getServers()) {
      boolean greets = !greeting(server, SHORT_MILLIS).isEmpty();
      if (options.isTLSRequired() && greets == !options.isTlsFirst()) {
        why = handshake(server, greets, options.getSslContext());
      } else if (!greets && !options.isTlsFirst()) {
        // Nothing is sent to that server, so any certificate will do.
        why = handshake(server, false, trustingAnybody()) == null ? new TlsFirstException() : null;
      }
      if (why == null || reasonOf(why) == Reason.UNREACHABLE) {
        return null;
      }
    }
    return why;
  }

  private static IOException handshake(URI server, boolean greets, SSLContext context) {
    try (Socket socket = open(server, MILLIS)) {
      if (greets) {
        InputStream in = socket.getInputStream();
        int c;
        while ((c = in.read()) >= 0 && c != '\n') {
          // up to the end of the line: what follows belongs to TLS
        }
      }
      socket.setSoTimeout(HANDSHAKE_MILLIS);
      SSLSocket tls =
          (SSLSocket)
              context
                  .getSocketFactory()
                  .createSocket(socket, server.getHost(), server.getPort(), true);
      tls.startHandshake();
      tls.setSoTimeout(MILLIS);
      try {
        tls.getInputStream().read();
      } catch (SocketTimeoutException e) {
        return null; // no refusal
      }
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  private static SSLContext trustingAnybody() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Anybody()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a JDK without TLS", e);
    }
  }

  private static Socket open(URI server, int millis) throws IOException {
    Socket socket = new Socket();
    socket.setSoTimeout(millis);
    socket.connect(new InetSocketAddress(server.getHost(), server.getPort()), millis);
    return socket;
  }

  /** The server waits for a TLS handshake. */
  private static final class TlsFirstException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** Trusts everybody, as this sends nothing and believes nothing. */
  private static final class Anybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
