package io.github.natsexperiments.pages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The project as a reader has it who has just cloned it and typed {@code mvn package}: sources and
 * jars, and nothing that a page tells to make.
 */
final class ReadersFolder implements AutoCloseable {

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
    List<Path> modules;
    try (Stream<Path> poms = Files.find(project, 3, (file, is) -> file.endsWith("pom.xml"))) {
      modules = poms.map(Path::getParent).toList();
    }
    reader.copy(project.resolve("lab"));
    reader.copy(project.resolve("servers"));
    for (Path module : modules) {
      reader.copy(module.resolve("pom.xml"));
      reader.copy(module.resolve("src"));
    }
    // Last, because ./lab would build a jar that is older than its sources.
    for (Path module : modules) {
      for (Path jar : jars(module.resolve("target"))) {
        reader.copy(jar);
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

  private void copy(Path from) throws IOException {
    if (!Files.exists(from)) {
      return;
    }
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = folder.resolve(project.relativize(file));
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy); // with its permissions, but its time is now
      }
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
