package io.github.natsexperiments.creds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.natsexperiments.cli.Failure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A folder of keys is replaced whole, or not at all. */
class KitTest {
  @TempDir Path folder;

  @Test
  void theOldKeysStayWhenTheNewOnesCannotBePutInPlace() throws IOException {
    Path kit = folder.resolve("kit");
    Kit.create(kit, Map.of("keys/account.seed", "old"));
    Kit.Mover failing =
        (from, to) -> {
          if (to.equals(kit) && from.endsWith("new")) {
            throw new AccessDeniedException(to.toString());
          }
          Files.move(from, to);
        };

    assertThatThrownBy(() -> Kit.create(kit, Map.of("keys/account.seed", "new"), failing))
        .isInstanceOf(AccessDeniedException.class);
    assertThat(kit.resolve("keys/account.seed")).hasContent("old");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(kit);
    }
  }

  @Test
  void theOldKeysAreNotDeletedWhenTheyCannotComeBackEither() throws IOException {
    Path kit = folder.resolve("kit");
    Kit.create(kit, Map.of("keys/account.seed", "old"));
    Kit.Mover failing =
        (from, to) -> {
          if (to.equals(kit)) {
            throw new AccessDeniedException(to.toString());
          }
          Files.move(from, to);
        };

    assertThatThrownBy(() -> Kit.create(kit, Map.of("keys/account.seed", "new"), failing))
        .isInstanceOf(AccessDeniedException.class);
    try (Stream<Path> left = Files.walk(folder)) {
      assertThat(left)
          .filteredOn(file -> file.endsWith("old/keys/account.seed"))
          .singleElement()
          .satisfies(file -> assertThat(file).hasContent("old"));
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS) // where links need a privilege
  void aLinkToAFolderStaysALink() throws IOException {
    Path target = Files.createDirectory(folder.resolve("target"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);

    Kit.create(link, Map.of("operator.jwt", "old", "keys/account.seed", "old"));
    Kit.create(link, Map.of("operator.jwt", "new"));
    assertThat(link).isSymbolicLink();
    assertThat(target.resolve("operator.jwt")).hasContent("new");
    assertThat(target.resolve("keys")).doesNotExist();

    Files.writeString(target.resolve("thesis.txt"), "my only copy");
    assertThatThrownBy(() -> Kit.checkPlace(link, true)).hasMessageContaining("thesis.txt is not");
  }

  @Test
  void aKitMayBeReplaced() throws IOException, Failure {
    Path kit = folder.resolve("kit");
    Kit.create(
        kit, Map.of("operator.jwt", "", "my.creds", "", "keys/account.seed", "", "tls/ca.pem", ""));
    Kit.checkPlace(kit, true);
  }

  @ParameterizedTest
  @ValueSource(strings = {"my.creds", "keys/account.seed"})
  void aFolderWithoutAnOperatorIsNoKit(String name) throws IOException {
    write(name);
    assertThatThrownBy(() -> Kit.checkPlace(folder, true))
        .hasMessageContaining(folder.getFileName() + " is not of a kit");
  }

  @ParameterizedTest
  @ValueSource(strings = {"my.pem", "my.seed", "keys/my.pem", "tls/my.creds", "my/my.creds"})
  void aFileThatNoIssuerPutsThereIsNotOfAKit(String name) throws IOException {
    write("operator.jwt");
    write(name);
    assertThatThrownBy(() -> Kit.checkPlace(folder, true)).hasMessageContaining("is not of a kit");
  }

  private void write(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "");
  }

  @Test
  void aMountPointCannotBeReplaced() throws IOException {
    Path place = Files.createDirectory(folder.resolve("volume"));
    Kit.Mover failing =
        (from, to) -> {
          throw new FileSystemException(from.toString(), to.toString(), "Device or resource busy");
        };
    assertThatThrownBy(() -> Kit.create(place, Map.of(), failing))
        .isInstanceOfSatisfying(
            FileSystemException.class,
            e ->
                assertThat(Kit.failure(folder, e))
                    .hasMessageStartingWith("Cannot use ")
                    .hasMessageContaining("volume: Device or resource busy")
                    .hasMessageContaining("mount point, name a folder in it"));
  }

  @Test
  void aFolderThatWeMayNotWriteTo() {
    assertThat(Kit.failure(folder, new AccessDeniedException("/srv/kit.new-123")))
        .hasMessageStartingWith("Cannot use /srv/kit.new-123: you have no permission; ");
  }
}
