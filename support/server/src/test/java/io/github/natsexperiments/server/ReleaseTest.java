package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tests' image, that of docker-compose.yml and the release that is downloaded are one. */
class ReleaseTest {

  private static final Path ROOT = Path.of("../..");
  private static final String VERSION = Release.OFFICIAL.version();

  @ParameterizedTest
  @CsvSource({
    "pom.xml, <nats.image>nats:(.+)-alpine</nats.image>",
    "docker-compose.yml, NATS_IMAGE:-nats:(.+)-alpine",
  })
  void isTheOneOf(String file, String pattern) throws IOException {
    Matcher found = Pattern.compile(pattern).matcher(Files.readString(ROOT.resolve(file)));
    assertThat(found.find()).as(file + " names a version").isTrue();
    assertThat(found.group(1))
        .as(
            "the version in %s; that in Release.java, with the sums of its archives, and those in pom.xml,"
                + " docker-compose.yml and on the pages have to be the same",
            file)
        .isEqualTo(VERSION);
  }

  @ParameterizedTest
  @CsvSource({"linux, amd64", "linux, arm64", "darwin, amd64", "darwin, arm64", "windows, amd64"})
  void hasTheChecksumOfItsArchiveFor(String os, String arch) {
    String archive = "nats-server-v" + VERSION + "-" + Release.archive(os, arch);
    assertThat(Release.OFFICIAL.checksums())
        .as("lines of the file SHA256SUMS of release %s, in Release.java", VERSION)
        .containsKey(archive);
    assertThat(Release.OFFICIAL.checksums().get(archive)).matches("[0-9a-f]{64}");
  }

  @Test
  void hasNoOther() {
    assertThat(Release.OFFICIAL.checksums()).hasSize(5);
  }
}
