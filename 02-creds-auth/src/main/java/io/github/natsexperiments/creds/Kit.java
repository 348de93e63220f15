package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryFlag;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder of an issuer on disk: only its owner can read it, git ignores it, and every file in it
 * is there whole or not at all.
 */
final class Kit {
  static final String OPERATOR_JWT = "operator.jwt";
  static final String SERVER_CONF = "server.conf";

  /** What stands in a kit, by its path there. */
  private static final Pattern OURS =
      Pattern.compile(
          "|\\.gitignore|operator\\.jwt|server\\.conf|[\\w-]+\\.creds"
              + "|keys|keys/(operator|system|account)\\.seed|tls|tls/[\\w-]+\\.pem");

  private Kit() {}

  /**
   * Makes sure that a new kit destroys nothing but, if that is wanted, an old one.
   *
   * @throws Failure when something is there that must not go
   */
  static void checkPlace(Path folder, boolean force) throws Failure, IOException {
    if (!isTaken(folder)) {
      return;
    }
    if (!force) {
      throw failed(folder + " is there already: --force replaces it, keys and all");
    }
    Optional<Path> foreign = foreign(place(folder));
    if (foreign.isPresent()) {
      throw failed(foreign.get() + " is not of a kit: remove it yourself, or name another --out");
    }
  }

  /** The folder itself where a link points to it. */
  private static Path place(Path folder) throws IOException {
    return Files.exists(folder) ? folder.toRealPath() : folder.toAbsolutePath().normalize();
  }

  /** What is wrong with a file, or with the folder or file that was named, and what to do. */
  static Failure failure(Path named, IOException e) {
    if (e instanceof NoSuchFileException missing) {
      return new Failure(ExitCode.FAILED, missing.getFile() + " does not exist", e);
    }
    String what = named + ": " + e.getMessage();
    if (e instanceof AccessDeniedException denied) {
      what = denied.getFile() + ": you have no permission";
    } else if (e instanceof FileSystemException file) {
      String why = file.getReason() == null ? e.getClass().getSimpleName() : file.getReason();
      what = file.getFile() + ": " + why;
    }
    return new Failure(
        ExitCode.FAILED, "Cannot use " + what + "; correct that, or name another one", e);
  }

  private static Failure failed(String message) {
    return new Failure(ExitCode.FAILED, message);
  }

  private static boolean isTaken(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return Files.exists(folder);
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isPresent();
    }
  }

  /** What no issuer has written: a file in the folder, or the folder itself when it is no kit. */
  private static Optional<Path> foreign(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return Optional.of(folder);
    }
    try (Stream<Path> files = Files.walk(folder)) {
      Optional<Path> file =
          files.filter(each -> !OURS.matcher(inKit(folder, each)).matches()).findFirst();
      boolean isKit = Files.exists(folder.resolve(OPERATOR_JWT));
      return isKit || file.isPresent() ? file : Optional.of(folder);
    }
  }

  private static String inKit(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }

  /** The configuration stands in src/main/resources, with these names in place of the values. */
  static String serverConf(Map<String, String> values) throws IOException {
    try (InputStream in = Kit.class.getResourceAsStream("/server.conf")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (Map.Entry<String, String> value : values.entrySet()) {
        text = text.replace("{" + value.getKey() + "}", value.getValue());
      }
      return text;
    }
  }

  /** How a folder gets its place; a test lets it fail. */
  @FunctionalInterface
  interface Mover {
    void move(Path from, Path to) throws IOException;
  }

  /**
   * Makes the folder, or replaces it. It is written beside its place and moved there when it is
   * complete; what was there goes when the new one stands, and comes back when it does not.
   *
   * @param files path in the folder, and content
   */
  static void create(Path folder, Map<String, String> files) throws IOException {
    create(folder, files, (from, to) -> Files.move(from, to));
  }

  static void create(Path folder, Map<String, String> files, Mover mover) throws IOException {
    Path place = place(folder);
    Files.createDirectories(place.getParent());
    Path aside = Files.createTempDirectory(place.getParent(), place.getFileName() + ".new-");
    Path made = aside.resolve("new");
    Path old = aside.resolve("old");
    try {
      privateFolder(made);
      write(made.resolve(".gitignore"), "*\n");
      for (Map.Entry<String, String> file : files.entrySet()) {
        Path path = made.resolve(file.getKey());
        if (!Files.exists(path.getParent())) {
          privateFolder(path.getParent());
        }
        write(path, file.getValue());
      }
      if (Files.exists(place)) {
        moveAway(place, old, mover);
      }
      mover.move(made, place);
    } catch (IOException | RuntimeException e) {
      if (Files.exists(old)) {
        mover.move(old, place);
      }
      delete(aside);
      throw e;
    }
    delete(aside);
  }

  private static void moveAway(Path place, Path old, Mover mover) throws IOException {
    try {
      mover.move(place, old);
    } catch (FileSystemException e) {
      String why = e.getReason() + " (if it is a mount point, name a folder in it)";
      throw e.getReason() == null ? e : new FileSystemException(e.getFile(), null, why);
    }
  }

  /** Writes or replaces one file; a reader sees the old content or the new, never half of it. */
  static void write(Path file, String text) throws IOException {
    Path aside = Files.createTempFile(file.toAbsolutePath().getParent(), "new-", ""); // mode 0600
    try {
      Files.writeString(aside, text);
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  /** A folder that only its owner can read, by mode 0700 or, on Windows, by its access list. */
  private static Path privateFolder(Path folder) throws IOException {
    Files.createDirectory(folder);
    if (Files.getFileAttributeView(folder, PosixFileAttributeView.class) != null) {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }
    AclFileAttributeView acl = Files.getFileAttributeView(folder, AclFileAttributeView.class);
    if (acl != null) {
      AclEntry owner =
          AclEntry.newBuilder()
              .setType(AclEntryType.ALLOW)
              .setPrincipal(acl.getOwner())
              .setPermissions(EnumSet.allOf(AclEntryPermission.class))
              .setFlags(AclEntryFlag.FILE_INHERIT, AclEntryFlag.DIRECTORY_INHERIT)
              .build();
      acl.setAcl(List.of(owner));
    }
    return folder;
  }

  private static void delete(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
