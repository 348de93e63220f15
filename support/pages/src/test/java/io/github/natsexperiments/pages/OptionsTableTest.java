package io.github.natsexperiments.pages;

import static org.assertj.core.api.Assertions.assertThat;

import io.nats.client.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The front page's table of connection options against jnats and against lesson 1. */
class OptionsTableTest {
  private static final Pattern ROW =
      Pattern.compile("\\| [^|]+ \\| `\\.(\\w+)\\(…?\\)` \\| ([^|]+) \\| ([^|]+) \\|");

  @Test
  void saysWhatJnatsDoesByItself() throws IOException {
    Options plain = new Options.Builder().build();
    assertThat(column(3))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "connectionName",
                plain.getConnectionName() == null ? "none" : "",
                "connectionTimeout",
                text(plain.getConnectionTimeout()),
                "pingInterval",
                text(plain.getPingInterval()),
                "maxPingsOut",
                "" + plain.getMaxPingsOut(),
                "maxReconnects",
                "" + plain.getMaxReconnect(),
                "reconnectWait",
                text(plain.getReconnectWait()),
                "noRandomize",
                plain.isNoRandomize() ? "in order" : "random",
                "noEcho",
                plain.isNoEcho() ? "not" : "they come back",
                "reconnectBufferSize",
                (plain.getReconnectBufferSize() >> 20) + " MB"));
  }

  @Test
  void saysWhatTheLessonsDo() throws IOException {
    Map<String, String> here = column(2);
    String lesson1 =
        source("01-basic/src/main/java/io/github/natsexperiments/basic/BasicPublisher.java");
    assertThat(lesson1)
        .contains(".connectionName(\"" + here.get("connectionName").replace("`", "") + "\")")
        .contains(".connectionTimeout(Duration.ofSeconds(" + number(here.get("connectionTimeout")))
        .contains(".pingInterval(Duration.ofSeconds(" + number(here.get("pingInterval")))
        .contains(".maxPingsOut(" + here.get("maxPingsOut"))
        .contains(".maxReconnects(" + number(here.get("maxReconnects")))
        .contains(".reconnectWait(Duration.ofSeconds(" + number(here.get("reconnectWait")))
        .contains(".reconnectBufferSize(Run.outgoingLimit())")
        .doesNotContain(".noRandomize()\n", ".noEcho()\n");
    assertThat(here.get("reconnectBufferSize")).startsWith("8 MB, less in a small heap");
    assertThat(here.get("reconnectWait")).endsWith("(lesson 4: 1 s)");
    assertThat(here.get("reconnectBufferSize")).endsWith("(lesson 4: none)");
    assertThat(
            source(
                "04-callbacks-errors/src/main/java/io/github/natsexperiments/callbacks/CallbacksPublisher.java"))
        .contains(".reconnectWait(Duration.ofSeconds(1))", ".reconnectBufferSize(0)");
  }

  private static Map<String, String> column(int column) throws IOException {
    Map<String, String> cells = new TreeMap<>();
    Matcher row = ROW.matcher(source("README.md"));
    while (row.find()) {
      cells.put(row.group(1), row.group(column));
    }
    return cells;
  }

  private static String source(String file) throws IOException {
    return Files.readString(Course.ROOT.resolve(file));
  }

  private static String text(Duration duration) {
    return duration.toSeconds() < 60 ? duration.toSeconds() + " s" : duration.toMinutes() + " min";
  }

  private static String number(String cell) {
    return cell.replaceAll("^\\D*?(-?\\d+).*", "$1");
  }
}
