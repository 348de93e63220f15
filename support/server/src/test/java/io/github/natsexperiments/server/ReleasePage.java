package io.github.natsexperiments.server;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

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
        Map.of(
            "nats-server-v9.8.7-linux-amd64.tar.gz",
            sha256(archive),
            "nats-server-v9.8.7-windows-amd64.zip",
            sha256(archive));
    return new Release("9.8.7", uri(), checksums, Duration.ofSeconds(5), Duration.ofSeconds(60));
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Packed by the program that everybody packs with, and not by anything that reads it here. */
  static byte[] tarGz() throws IOException {
    Path folder = Files.createTempDirectory("release-");
    try {
      String name = "nats-server-v9.8.7-linux-amd64";
      Files.createDirectories(folder.resolve(name));
      for (String file : List.of("README.md", "nats-server")) {
        Files.write(folder.resolve(name).resolve(file), SCRIPT);
      }
      Path archive = folder.resolve("archive.tar.gz");
      List<String> tar = List.of("tar", "-czf", archive.toString(), name);
      Command.run(tar, folder, Duration.ofSeconds(10));
      return Files.readAllBytes(archive);
    } finally {
      ServerFinder.delete(folder);
    }
  }

  static byte[] zip() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      for (String name : List.of("README.md", "nats-server.exe")) {
        zip.putNextEntry(new ZipEntry("nats-server-v9.8.7-windows-amd64/" + name));
        zip.write(SCRIPT);
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
