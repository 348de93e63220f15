package io.github.natsexperiments.server;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;

/** A release page on the loopback address, with archives of a nats-server that is a script. */
final class ReleasePage implements AutoCloseable {

  /** Says its version like nats-server does. */
  static final byte[] SCRIPT =
      "#!/bin/sh\necho nats-server: v9.8.7\n".getBytes(StandardCharsets.UTF_8);

  private final HttpServer http;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> requests = new CopyOnWriteArrayList<>();

  ReleasePage(HttpHandler handler) throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(threads);
    http.createContext(
        "/",
        exchange -> {
          requests.add(exchange.getRequestURI().getPath());
          try (exchange) {
            handler.handle(exchange);
          }
        });
    http.start();
  }

  /** A handler that gives everybody these bytes. */
  static HttpHandler always(byte[] body) {
    return exchange -> {
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    };
  }

  /** The paths that were asked for, in order. */
  List<String> requests() {
    return requests;
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort() + "/download");
  }

  /** The release of this page, with the checksum of the given archive for this platform. */
  Release release(byte[] archive) {
    Map<String, String> checksums =
        Map.of("linux-amd64.tar.gz", sha256(archive), "windows-amd64.zip", sha256(archive));
    return new Release("9.8.7", uri(), checksums, Duration.ofSeconds(5), Duration.ofSeconds(60));
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] tarGz() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(new GzipCompressorOutputStream(bytes))) {
      for (String name : List.of("README.md", "nats-server")) {
        TarArchiveEntry entry = new TarArchiveEntry("nats-server-v9.8.7-linux-amd64/" + name);
        entry.setSize(SCRIPT.length);
        tar.putArchiveEntry(entry);
        tar.write(SCRIPT);
        tar.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  static byte[] zip() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var zip = new ZipArchiveOutputStream(bytes)) {
      for (String name : List.of("README.md", "nats-server.exe")) {
        zip.putArchiveEntry(new ZipArchiveEntry("nats-server-v9.8.7-windows-amd64/" + name));
        zip.write(SCRIPT);
        zip.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }
}
