package io.github.natsexperiments.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A release of nats-server on the web, and the checksums its archives must have.
 *
 * @param version without "v", for example {@code 2.14.5}
 * @param base the folder of all releases, without a slash at the end
 * @param checksums SHA-256 in lower-case hex, by the archive's name
 * @param stall how long to wait for a connection, and for every next byte
 * @param limit how long the whole download may take
 */
record Release(
    String version, URI base, Map<String, String> checksums, Duration stall, Duration limit) {
  /**
   * The release that the project is made for, the one in the image {@code nats.image} of pom.xml
   * and docker-compose.yml, with the lines of its file SHA256SUMS for the systems that we know.
   */
  static final Release OFFICIAL =
      new Release(
          "2.14.5",
          URI.create("https://github.com/nats-io/nats-server/releases/download"),
          sums(
              """
              5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355  nats-server-v2.14.5-linux-amd64.tar.gz
              673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c  nats-server-v2.14.5-linux-arm64.tar.gz
              f95c98d6b6ed2b63c5681b46b092c9585c99767d547cf495730c329234625e96  nats-server-v2.14.5-darwin-amd64.tar.gz
              ddd907854d9a2de834af133fa396915fe6442fe6d8909ae31390d1ea7a0fea50  nats-server-v2.14.5-darwin-arm64.tar.gz
              f66f840a211ab665083b88e9b7edbcf6296cda143be47e53e6f6bb8520692bbb  nats-server-v2.14.5-windows-amd64.zip
              """),
          Duration.ofSeconds(10),
          Duration.ofMinutes(10));

  private static final int BLOCK = 512;
  private static final Logger LOG = LoggerFactory.getLogger(Release.class);

  /** A whole archive came, and it is not the one that was released. */
  static final class WrongChecksum extends IOException {
    private static final long serialVersionUID = 1L;

    WrongChecksum(String message) {
      super(message);
    }
  }

  /**
   * Downloads the archive for a platform, checks it and unpacks the server.
   *
   * @param os as in {@link Platform#OS}
   * @param arch as in {@link Platform#ARCH}
   * @param folder a private folder to work in
   * @return the executable, in that folder
   * @throws WrongChecksum when the archive is not the released one
   * @throws IOException when it cannot be had
   */
  Path download(String os, String arch, Path folder) throws IOException {
    String archive = "nats-server-v" + version + "-" + archive(os, arch);
    String expected = checksums.get(archive);
    if (expected == null) {
      throw new IOException("nats-server " + version + " is not released for " + os + "-" + arch);
    }
    String url = base + "/v" + version + "/" + archive;
    Path file = folder.resolve(archive);
    String actual;
    try {
      actual = download(url, file);
    } catch (UnknownHostException e) {
      throw new IOException(url + ": unknown host " + e.getMessage(), e);
    } catch (SocketTimeoutException e) {
      throw new IOException(url + ": no answer within " + stall.toMillis() + " ms", e);
    } catch (IOException e) {
      throw new IOException(url + ": " + e.getMessage(), e);
    }
    if (!actual.equals(expected)) {
      throw new WrongChecksum(
          "refused what came from %s: its SHA-256 is %s, the released archive's is %s"
                  .formatted(url, actual, expected)
              + "; install nats-server yourself and set NATS_SERVER_PATH to it");
    }
    return unpack(file, os, arch, folder);
  }

  private static Map<String, String> sums(String lines) {
    return lines
        .lines()
        .map(line -> line.split("  "))
        .collect(Collectors.toMap(line -> line[1], line -> line[0]));
  }

  /** The end of an archive's name. */
  static String archive(String os, String arch) {
    return os + "-" + arch + (os.equals("windows") ? ".zip" : ".tar.gz");
  }

  /** Copies a URL to a file and returns the SHA-256. */
  private String download(String url, Path file) throws IOException {
    HttpURLConnection http = (HttpURLConnection) URI.create(url).toURL().openConnection();
    http.setConnectTimeout(Math.toIntExact(stall.toMillis()));
    http.setReadTimeout(Math.toIntExact(stall.toMillis()));
    long end = System.nanoTime() + limit.toNanos();
    try {
      if (http.getResponseCode() != HttpURLConnection.HTTP_OK) {
        throw new IOException("HTTP status " + http.getResponseCode());
      }
      long size = http.getContentLengthLong();
      String megabytes =
          size < 0 ? "size unknown" : String.format(Locale.ROOT, "%.1f MB", size / 1e6);
      LOG.info("downloading nats-server {} ({}) from {}", version, megabytes, url);
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      long received = 0;
      try (InputStream in = http.getInputStream();
          OutputStream out = Files.newOutputStream(file)) {
        byte[] buffer = new byte[1 << 16];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          out.write(buffer, 0, n);
          sha256.update(buffer, 0, n);
          received += n;
          if (System.nanoTime() > end) {
            throw new IOException("not complete within " + limit.toMillis() + " ms");
          }
        }
      }
      if (received < size) {
        throw new IOException("ended after " + received + " of " + size + " bytes");
      }
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    } finally {
      http.disconnect();
    }
  }

  /** Finds nats-server in the one folder that an archive holds. */
  private Path unpack(Path file, String os, String arch, Path folder) throws IOException {
    String name = os.equals("windows") ? "nats-server.exe" : "nats-server";
    String entry = "nats-server-v%s-%s-%s/%s".formatted(version, os, arch, name);
    Path server = folder.resolve(name);
    if (os.equals("windows")) {
      try (FileSystem zip = FileSystems.newFileSystem(file)) {
        Files.copy(zip.getPath(entry), server);
      }
    } else {
      try (InputStream tar = new GZIPInputStream(Files.newInputStream(file))) {
        Files.write(server, find(entry, tar));
      }
    }
    if (!server.toFile().setExecutable(true, false)) {
      throw new IOException("cannot make " + server + " executable");
    }
    return server;
  }

  /**
   * A file in a tar archive. As much of the format as archives with the checksums above need: for
   * each file a block with its name and its size in octal, then its bytes, filled up to whole
   * blocks.
   */
  private static byte[] find(String entry, InputStream tar) throws IOException {
    String padded = entry + "\0".repeat(100 - entry.length());
    for (byte[] header; (header = tar.readNBytes(BLOCK)).length == BLOCK && header[0] != 0; ) {
      int size = Integer.parseInt(new String(header, 124, 11, StandardCharsets.US_ASCII), 8);
      if (new String(header, 0, 100, StandardCharsets.US_ASCII).equals(padded)) {
        return tar.readNBytes(size);
      }
      tar.skipNBytes((size + BLOCK - 1) / BLOCK * BLOCK);
    }
    throw new NoSuchFileException(entry);
  }
}
