package io.github.natsexperiments.pages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the pictures of the lessons' pages, {@code NN-lesson/picture*.svg}: runs each lesson in
 * terminals, with a server on port 4222, and draws what they show. Not a test, because a picture
 * changes with every run; to be called when a program says something else than it did.
 *
 * <pre>
 * mvn package
 * java -cp support/pages/target/test-classes:support/lab/target/lab.jar \
 *     io.github.natsexperiments.pages.Pictures
 * </pre>
 *
 * <p>Arguments: the lessons to draw, for example {@code 04-callbacks-errors}; without any, all.
 */
final class Pictures implements AutoCloseable {
  private static final Map<String, Scene> SCENES = new LinkedHashMap<>();

  static {
    SCENES.put("01-basic", Pictures::basic);
    SCENES.put("02-creds-auth", Pictures::creds);
    SCENES.put("03-jetstream", Pictures::jetStream);
    SCENES.put("04-callbacks-errors", Pictures::callbacks);
    SCENES.put("05-kv-store", Pictures::keyValue);
    SCENES.put("06-kv-token", Pictures::token);
  }

  private interface Scene {
    /** Plays it; returns what it shows. */
    String play(Pictures pictures) throws IOException, InterruptedException;
  }

  private final Path folder;
  private final List<RecordedTerminal> opened = new ArrayList<>();
  private final Map<String, List<RecordedTerminal>> drawn = new LinkedHashMap<>();

  private Pictures(Path folder) {
    this.folder = folder;
  }

  /**
   * Draws.
   *
   * @param args lessons
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path project = Path.of("").toAbsolutePath();
    Path place = Files.createTempDirectory("pictures-");
    for (String lesson : args.length == 0 ? SCENES.keySet() : List.of(args)) {
      try (ReadersFolder reader = ReadersFolder.create(project, place);
          Pictures pictures = new Pictures(reader.path())) {
        String what = SCENES.get(lesson).play(pictures);
        for (var drawn : pictures.drawn.entrySet()) {
          Path picture = project.resolve(lesson).resolve(drawn.getKey());
          Files.writeString(picture, Drawing.of(what, drawn.getValue()));
          System.out.println(project.relativize(picture));
        }
      }
    }
  }

  private String basic() throws IOException, InterruptedException {
    server("./lab server");
    RecordedTerminal publisher = terminal("publisher");
    RecordedTerminal subscriber = terminal("subscriber");
    publisher.type("java -jar 01-basic/target/publisher.jar -n 6", "Hello #1");
    subscriber.type("java -jar 01-basic/target/subscriber.jar -n 3", "Waiting");
    publisher.waitForEnd();
    subscriber.waitForEnd();
    return "A subscriber that comes later does not get what was published before";
  }

  private String creds() throws IOException, InterruptedException {
    RecordedTerminal publisher = terminal("publisher");
    publisher.type("java -jar 02-creds-auth/target/issuer.jar", "Start a server");
    publisher.waitForEnd();
    server("./lab server creds");
    RecordedTerminal subscriber = terminal("subscriber");
    String creds = " --creds 02-creds-auth/creds/";
    subscriber.type(
        "java -jar 02-creds-auth/target/subscriber.jar" + creds + "subscriber.creds -n 3",
        "Waiting");
    publisher.type(
        "java -jar 02-creds-auth/target/publisher.jar" + creds + "publisher.creds -n 3",
        "Logged in");
    publisher.waitForEnd();
    subscriber.waitForEnd();
    publisher.type(
        "java -jar 02-creds-auth/target/publisher.jar" + creds + "subscriber.creds -n 3", "ERROR");
    publisher.waitForEnd();
    return "Credentials are issued; with those of the subscriber nobody may publish";
  }

  private String jetStream() throws IOException, InterruptedException {
    server("./lab server");
    RecordedTerminal publisher = terminal("publisher");
    RecordedTerminal subscriber = terminal("subscriber");
    publisher.type("java -jar 03-jetstream/target/publisher.jar -n 4 -i 500ms", "Published");
    subscriber.type("java -jar 03-jetstream/target/subscriber.jar -n 2", "Received 2");
    subscriber.waitForEnd();
    Thread.sleep(1000);
    subscriber.type("java -jar 03-jetstream/target/subscriber.jar -n 2", "Received 2");
    subscriber.waitForEnd();
    return "The stream keeps what was published; a second run of the subscriber continues where the first one stopped";
  }

  private String callbacks() throws IOException, InterruptedException {
    RecordedTerminal server = terminal("nats-server");
    RecordedTerminal publisher = terminal("publisher");
    RecordedTerminal subscriber = open("subscriber", "picture-subscriber.svg");
    server.type("./lab server --data kept", "to stop");
    subscriber.type("java -jar 04-callbacks-errors/target/subscriber.jar -q", "Waiting");
    publisher.type("java -jar 04-callbacks-errors/target/publisher.jar", "sequence = \"2\"");
    server.ctrlC();
    publisher.waitFor("no answer");
    server.type("./lab server --data kept", "to stop");
    publisher.waitFor(" answer nats");
    Thread.sleep(2000); // the subscriber may be back a second later
    publisher.ctrlC();
    Thread.sleep(500);
    subscriber.ctrlC();
    return "The server is stopped and started again: every event is reported, and nothing is missing";
  }

  private String keyValue() throws IOException, InterruptedException {
    server("./lab server");
    RecordedTerminal publisher = terminal("publisher");
    RecordedTerminal subscriber = terminal("subscriber");
    publisher.type(
        "java -jar 05-kv-store/target/publisher.jar --keys red,green -n 2 -i 0", "Put 2");
    publisher.waitForEnd();
    subscriber.type(
        "java -jar 05-kv-store/target/subscriber.jar --key '>'", "Initial values end here");
    publisher.type("java -jar 05-kv-store/target/publisher.jar --keys red,green -n 3", "Put 3");
    publisher.waitForEnd();
    publisher.type("java -jar 05-kv-store/target/publisher.jar --delete green", "Deleted");
    publisher.waitForEnd();
    Thread.sleep(500);
    subscriber.ctrlC();
    return "A watch shows the values that are there, then every change";
  }

  private String token() throws IOException, InterruptedException {
    RecordedTerminal one = terminal("publisher");
    one.type("java -jar 06-kv-token/target/issuer.jar", "Its hash");
    one.waitForEnd();
    server("./lab server token");
    RecordedTerminal two = terminal("another publisher");
    String options =
        " --token-file 06-kv-token/token/token --bucket counters --increment -i 500ms -n 4";
    one.type("java -jar 06-kv-token/target/publisher.jar" + options, "Ack");
    two.type("java -jar 06-kv-token/target/publisher.jar" + options, "Ack");
    one.waitForEnd();
    two.waitForEnd();
    return "Two publishers add to one counter, and no addition is lost";
  }

  private RecordedTerminal terminal(String title) {
    return open(title, "picture.svg");
  }

  private RecordedTerminal open(String title, String picture) {
    RecordedTerminal terminal = new RecordedTerminal(title, folder);
    opened.add(terminal);
    if (picture != null) {
      drawn.computeIfAbsent(picture, name -> new ArrayList<>()).add(terminal);
    }
    return terminal;
  }

  /** A server that is not drawn. */
  private void server(String command) throws IOException, InterruptedException {
    open("nats-server", null).type(command, "to stop");
  }

  @Override
  public void close() throws IOException, InterruptedException {
    for (RecordedTerminal terminal : opened) {
      terminal.close();
    }
  }
}
