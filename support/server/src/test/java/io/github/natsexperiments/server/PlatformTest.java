package io.github.natsexperiments.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {

  @ParameterizedTest
  @CsvSource({
    "Linux,          amd64,   linux-amd64.tar.gz",
    "Linux,          aarch64, linux-arm64.tar.gz",
    "Mac OS X,       x86_64,  darwin-amd64.tar.gz",
    "Mac OS X,       aarch64, darwin-arm64.tar.gz",
    "Windows 11,     amd64,   windows-amd64.zip",
    "Windows Server, amd64,   windows-amd64.zip",
  })
  void speaksOfEveryPlatformInTheWordsOfTheRelease(String os, String arch, String archive) {
    assertThat(Release.OFFICIAL.checksums())
        .containsKey("nats-server-v%s-%s".formatted(Release.OFFICIAL.version(), archive));
    assertThat(Release.archive(Platform.os(os), Platform.arch(arch))).isEqualTo(archive);
  }
}
