package io.github.natsexperiments.pages;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The project as a reader has it who has just cloned it and typed {@code mvn package}: sources and
 * jars, and nothing that a page tells to make. The files are links, so it costs neither time nor
 * space, and nothing is newer than it is: {@code ./lab} finds nothing to build.
 */
final class ReadersFolder implements AutoCloseable {

  private static final List<String> TOP = List.of("lab", "pom.xml", "docker-compose.yml");

  private final Path project;
  private final Path folder;

  private ReadersFolder(Path project, Path folder) {
    this.project = project;
    this.folder = folder;
  }

  /**
   * Makes one.
   *
   * @param project the real one
   * @param folder where; what is there goes
   */
  static ReadersFolder create(Path project, Path folder) throws IOException {
    ReadersFolder reader = new ReadersFolder(project, folder);
    reader.close();
    for (String file : TOP) {
      reader.link(project.resolve(file));
    }
    reader.link(project.resolve("servers"));
    try (Stream<Path> poms = Files.find(project, 3, (file, is) -> file.endsWith("pom.xml"))) {
      for (Path pom : poms.toList()) {
        reader.link(pom);
        reader.link(pom.resolveSibling("README.md"));
        reader.link(pom.resolveSibling("src"));
        for (Path jar : jars(pom.resolveSibling("target"))) {
          reader.link(jar);
        }
      }
    }
    return reader;
  }

  /** The jars of a module that people run, not those that Maven hands on. */
  static List<Path> jars(Path target) throws IOException {
    if (!Files.isDirectory(target)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(target)) {
      return files.filter(file -> file.getFileName().toString().matches("[a-z]+\\.jar")).toList();
    }
  }

  Path path() {
    return folder;
  }

  private void link(Path from) throws IOException {
    if (!Files.exists(from)) {
      return;
    }
    Files.createDirectories(place(from).getParent());
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path real, BasicFileAttributes is)
              throws IOException {
            Files.createDirectories(place(real));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path real, BasicFileAttributes is) throws IOException {
            Path place = place(real);
            if (!Files.exists(place)) {
              linkOrCopy(real, place);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path real, IOException failure)
              throws IOException {
            Files.setLastModifiedTime(place(real), Files.getLastModifiedTime(real));
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private Path place(Path real) {
    return folder.resolve(project.relativize(real));
  }

  private static void linkOrCopy(Path real, Path place) throws IOException {
    try {
      Files.createLink(place, real);
    } catch (IOException | UnsupportedOperationException e) {
      Files.copy(real, place, StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  /** Removes it, with all that was made in it. */
  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // There is none yet.
    }
  }
}
