package io.github.natsexperiments.creds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
}
