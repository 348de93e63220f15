package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.testkit.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples of the README are the files in {@code examples}, and these do what it says. */
class ReadmeExamplesIT {
  private static final Path EXAMPLES =
      Path.of("src/test/java/io/github/natsexperiments/resilience/examples");
  private static final Pattern BLOCK =
      Pattern.compile("```java source=(\\w+)\n(.*?)```", Pattern.DOTALL);

  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @Test
  void theReadmeShowsTheFilesThemselves() throws IOException {
    List<String> shown = new ArrayList<>();
    Matcher block = BLOCK.matcher(Files.readString(Path.of("README.md")));
    while (block.find()) {
      shown.add(block.group(1) + ".java");
      String file = Files.readString(EXAMPLES.resolve(block.group(1) + ".java"));
      assertThat(block.group(2)).isEqualTo(file.substring(file.indexOf("import ")));
    }
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      assertThat(shown)
          .containsExactlyInAnyOrderElementsOf(
              files.map(file -> file.getFileName().toString()).toList());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ConnectExample, Connected to nats-server 2.",
    "GuardExample, Answers: true",
    "ErrorsExample, There is no such stream",
    "KeyValueExample, counter = 42",
    "WatchExample, kitchen = off",
    "PublisherExample, Without an ack: 0",
    "ConsumerExample, Drained: true"
  })
  void anExampleRuns(String name, String expected) throws Exception {
    PrintStream out = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      Class.forName("io.github.natsexperiments.resilience.examples." + name)
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[] {server.url()});
    } finally {
      System.setOut(out);
    }
    List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(lines).anyMatch(line -> line.startsWith(expected));
  }
}
