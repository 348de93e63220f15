package io.github.natsexperiments.server;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How {@link ServerBinary#find()} does it, on a machine that a test can make up.
 *
 * @param environment gives an environment variable's value, or null
 * @param home the user's home folder
 * @param release what is downloaded
 * @param os as in {@link Platform#OS}
 * @param arch as in {@link Platform#ARCH}
 */
record ServerFinder(
    UnaryOperator<String> environment, Path home, Release release, String os, String arch) {
  private static final Logger LOG = LoggerFactory.getLogger(ServerFinder.class);
  private static final String NATS_SERVER_PATH = "NATS_SERVER_PATH";
  private static final String PACKAGE = "package";
  static final String WORK_PREFIX = "fetch-";

  /** Between threads; the file lock works between processes only. */
  static final ReentrantLock FETCHING = new ReentrantLock();

  static ServerFinder ofThisMachine() {
    return new ServerFinder(
        System::getenv,
        Path.of(System.getProperty("user.home")),
        Release.OFFICIAL,
        Platform.OS,
        Platform.ARCH);
  }

  ServerBinary find() throws IOException {
    String named = environment.apply(NATS_SERVER_PATH);
    if (named != null && !named.isBlank()) {
      try {
        return ServerBinary.of(Path.of(named), NATS_SERVER_PATH);
      } catch (IOException | InvalidPathException e) {
        throw new IOException(
            NATS_SERVER_PATH + " is set to " + named + ", but " + e.getMessage(), e);
      }
    }
    Optional<ServerBinary> installed =
        onPath(Platform.NATS_SERVER).flatMap(path -> usable(path, "the PATH"));
    if (installed.isPresent()) {
      return installed.get();
    }
    Path cache = cache();
    Optional<ServerBinary> cached = cached(cache);
    return cached.isPresent() ? cached.get() : fetch(cache);
  }

  private static Optional<ServerBinary> usable(Path path, String origin) {
    try {
      return Optional.of(ServerBinary.of(path, origin));
    } catch (IOException e) {
      LOG.warn("passing over {}: {}", path, e.getMessage());
      return Optional.empty();
    }
  }

  /** The first program of that name on the PATH. */
  private Optional<Path> onPath(String program) {
    String path = environment.apply("PATH");
    return Stream.of((path == null ? "" : path).split(File.pathSeparator))
        .filter(folder -> !folder.isBlank())
        .map(folder -> new File(folder, program)) // a Path would not bear the quotes of Windows
        .filter(file -> file.isFile() && file.canExecute())
        .map(File::toPath)
        .findFirst();
  }

  private Path cache() throws IOException {
    String xdg = environment.apply("XDG_CACHE_HOME");
    // The XDG specification: a relative path is to be ignored.
    boolean named = xdg != null && !xdg.isBlank() && Path.of(xdg).isAbsolute();
    Path caches = named ? Path.of(xdg) : home.resolve(".cache");
    if (!caches.isAbsolute()) {
      throw new IOException(
          "this user has no home folder to keep a nats-server in: set XDG_CACHE_HOME to a folder,"
              + " or NATS_SERVER_PATH to a nats-server");
    }
    return caches.resolve("nats-experiments");
  }

  /** Where one is kept; with the platform, for a home folder that several machines share. */
  private Path place(Path cache, String which) {
    return cache.resolve(which + "-" + os + "-" + arch).resolve(Platform.NATS_SERVER);
  }

  private Optional<ServerBinary> cached(Path cache) {
    return Stream.of(release.version(), PACKAGE)
        .map(which -> place(cache, which))
        .filter(Files::exists)
        .flatMap(path -> usable(path, "the cache").stream())
        .findFirst();
  }

  private ServerBinary fetch(Path cache) throws IOException {
    if (!FETCHING.tryLock()) {
      LOG.info("another thread is fetching a nats-server, waiting for it");
      FETCHING.lock();
    }
    try (FileChannel lock = openLock(cache)) {
      if (lock.tryLock() == null) {
        LOG.info("another process is fetching a nats-server into {}, waiting for it", cache);
        lock.lock();
      }
      Optional<ServerBinary> cached = cached(cache);
      if (cached.isPresent()) {
        return cached.get();
      }
      deleteLeftovers(cache);
      Path work = Files.createTempDirectory(cache, WORK_PREFIX);
      try {
        return fetch(cache, work);
      } finally {
        delete(work);
      }
    } finally {
      FETCHING.unlock();
    }
  }

  private ServerBinary fetch(Path cache, Path work) throws IOException {
    String download;
    try {
      return keep(release.download(os, arch, work), place(cache, release.version()));
    } catch (Release.WrongChecksum e) {
      throw e;
    } catch (IOException e) {
      download = e.getMessage();
      LOG.info("cannot download nats-server: {}", download);
    }
    String apt = "no apt-get here";
    Optional<Path> aptGet = onPath("apt-get");
    Optional<Path> dpkg = onPath("dpkg");
    if (aptGet.isPresent() && dpkg.isPresent()) {
      try {
        return keep(new DebianPackage(aptGet.get(), dpkg.get()).fetch(work), place(cache, PACKAGE));
      } catch (IOException e) {
        apt = e.getMessage();
      }
    }
    throw new IOException(
        ("no nats-server: none on the PATH, none downloaded (%s), no package (%s). Install nats-server 2.9.10 or"
                + " newer from https://github.com/nats-io/nats-server/releases and put it on the"
                + " PATH, or set NATS_SERVER_PATH to it")
            .formatted(download, apt));
  }

  /** Moves a fetched executable that runs to its place; nobody ever sees half of it there. */
  private static ServerBinary keep(Path fetched, Path place) throws IOException {
    ServerBinary.of(fetched, "");
    Files.createDirectories(place.getParent());
    Files.move(fetched, place, StandardCopyOption.ATOMIC_MOVE);
    ServerBinary binary = ServerBinary.of(place, "the cache");
    LOG.info("nats-server {} is kept in {}", binary.version(), place);
    return binary;
  }

  private static FileChannel openLock(Path cache) throws IOException {
    try {
      Files.createDirectories(cache);
      return FileChannel.open(
          cache.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new IOException(
          "cannot write to "
              + cache
              + ": set XDG_CACHE_HOME to another folder, or NATS_SERVER_PATH to a nats-server",
          e);
    }
  }

  /** What a fetch left that was killed: only who holds the lock has such folders. */
  private static void deleteLeftovers(Path cache) throws IOException {
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(cache, WORK_PREFIX + "*")) {
      for (Path leftover : leftovers) {
        delete(leftover);
      }
    }
  }

  /** Deletes a folder with all that is in it; says so when it cannot. */
  static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // Gone already.
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("cannot delete {}: {}", folder, e.toString());
    }
  }
}
