package io.github.natsexperiments.creds;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client of NATS that shares nothing with jnats: a socket, the JDK's own Ed25519, and the grammar
 * of credentials files and seeds as the clients of other languages read them. What it can log in
 * with, they can.
 */
final class PlainClient implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 10_000;

  /** The grammar of nats-io/jwt: two blocks, the first is the JWT, the second the seed. */
  private static final Pattern BLOCK =
      Pattern.compile(
          "\\s*(?:-{3,}.*-{3,}\\r?\\n)([\\w\\-.=]+)(?:\\r?\\n-{3,}.*-{3,}(?:\\r?\\n|\\z))");

  private final Socket socket;
  private final BufferedReader in;

  /** Logs in; the server's first answer is for {@link #line()} to read: PONG, or -ERR. */
  PlainClient(String url, Path creds) throws IOException, GeneralSecurityException {
    Matcher blocks = BLOCK.matcher(Files.readString(creds));
    String jwt = blocks.find() ? blocks.group(1) : "";
    String seed = blocks.find() ? blocks.group(1) : "";
    URI uri = URI.create(url);
    socket = new Socket(uri.getHost(), uri.getPort());
    socket.setSoTimeout(TIMEOUT_MILLIS);
    in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
    Matcher nonce = Pattern.compile("\"nonce\":\"([^\"]+)\"").matcher(line());
    if (!nonce.find()) {
      throw new IOException("the server sends no nonce");
    }
    send(
        "CONNECT {\"verbose\":false,\"pedantic\":true,\"lang\":\"plain\",\"version\":\"1\",\"jwt\":\"%s\",\"sig\":\"%s\"}"
            .formatted(jwt, sign(seed, nonce.group(1))));
    send("PING");
  }

  void send(String line) throws IOException {
    socket.getOutputStream().write((line + "\r\n").getBytes(UTF_8));
  }

  String line() throws IOException {
    return in.readLine();
  }

  private static String sign(String seed, String nonce) throws GeneralSecurityException {
    Signature ed25519 = Signature.getInstance("Ed25519");
    ed25519.initSign(
        KeyFactory.getInstance("Ed25519")
            .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, decode(seed))));
    ed25519.update(nonce.getBytes(UTF_8));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(ed25519.sign());
  }

  /** Base32 of: the prefixes "seed" and "user" in 2 bytes, 32 bytes of seed, a CRC-16 of these. */
  private static byte[] decode(String seed) {
    byte[] bytes = new byte[seed.length() * 5 / 8];
    for (int i = 0; i < bytes.length * 8; i++) {
      int letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(seed.charAt(i / 5));
      bytes[i / 8] |= (byte) ((letter >> (4 - i % 5) & 1) << (7 - i % 8));
    }
    int crc = 0;
    for (int i = 0; i < bytes.length - 2; i++) {
      crc ^= (bytes[i] & 0xff) << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) == 0 ? crc << 1 : crc << 1 ^ 0x1021;
      }
      crc &= 0xffff;
    }
    int expected = bytes[bytes.length - 2] & 0xff | (bytes[bytes.length - 1] & 0xff) << 8;
    if (!seed.startsWith("SU") || bytes.length != 36 || crc != expected) {
      throw new IllegalArgumentException("not the seed of a user");
    }
    return Arrays.copyOfRange(bytes, 2, 34);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
