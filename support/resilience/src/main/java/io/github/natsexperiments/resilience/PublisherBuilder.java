package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.NUID;
import io.nats.client.Options;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** The settings of an {@link IdempotentPublisher}, each with a default. Not thread-safe. */
public final class PublisherBuilder {
  /** The largest window: with more on its way at once the server may be overrun, and drop some. */
  public static final int LARGEST_WINDOW = 4096;

  final Connection connection;
  final Options options;
  final boolean inOrder; // on connections of our own
  // Eight characters are enough for the two minutes in which the stream remembers ids, and the
  // server searches the headers of each message: a whole NUID cost the window 4 % of its speed.
  String run = newRun();
  StoredRun resumed;
  int window = 1000;
  long maxBytes = Runtime.getRuntime().maxMemory() / 8;
  // Until a message is sent again; then twice as long, and so on up to eight times, so that a
  // server that hangs is not flooded.
  Duration ackTimeout = Duration.ofSeconds(2);
  PublishListener listener =
      new PublishListener() {
        @Override
        public void stored(Stored message) {}

        @Override
        public void refused(
            long number, String subject, byte[] body, JetStreamApiException reason) {
          throw new IllegalStateException("message #" + number + " was refused", reason);
        }
      };
  String stream; // to read back
  BooleanSupplier stop = () -> false;

  /** Eight letters can be a word, as in other people's ids; with a digit among them they cannot. */
  private static String newRun() {
    StringBuilder name = new StringBuilder(NUID.nextGlobal().substring(14));
    name.setCharAt(1, '0');
    return name.toString();
  }

  PublisherBuilder(Connection connection, Options options) {
    this.connection = connection;
    this.options = connection == null ? options : connection.getOptions();
    this.inOrder = connection == null;
  }

  /**
   * Names the run. Default: eight random characters.
   *
   * @param run a name that no other run has, in ASCII: the message ids begin with it, and it is a
   *     token of the inbox
   */
  public PublisherBuilder run(String run) {
    this.run = run;
    return this;
  }

  /**
   * Continues a run that has ended, at the first number that the stream does not have. Stored
   * numbers after that are skipped: {@code send} takes their messages and does nothing.
   *
   * @param run what is stored of it; null to begin a new run
   */
  public PublisherBuilder resume(StoredRun run) {
    this.resumed = run;
    return run == null ? this : run(run.run());
  }

  /**
   * Bounds the messages on their way; in bytes, they are bounded by an eighth of the largest heap.
   *
   * @param messages 1 to {@value #LARGEST_WINDOW}; default: 1000
   */
  public PublisherBuilder window(int messages) {
    if (messages < 1 || messages > LARGEST_WINDOW) {
      throw new IllegalArgumentException("a window of " + messages);
    }
    this.window = messages;
    return this;
  }

  /** Hears what becomes of the messages. Default: a refused message ends the publishing. */
  public PublisherBuilder listener(PublishListener listener) {
    this.listener = listener;
    return this;
  }

  /**
   * Reads in the stream which messages it has before any is sent again. So nothing is stored twice
   * after a silence that is longer than the stream remembers ids, either. It costs a request per
   * message in doubt, and the permissions for {@code $JS.API.STREAM.INFO.STREAM} and {@code
   * $JS.API.STREAM.MSG.GET.STREAM}.
   */
  public PublisherBuilder readBack(String stream) {
    this.stream = stream;
    return this;
  }

  /**
   * Ends the run from outside: once this is true, {@code send} takes no message when it would have
   * to wait, and the acks are waited for at most 5 s, without a connection 1 s.
   *
   * @param stop asked ten times a second while something waits
   */
  public PublisherBuilder stopWhen(BooleanSupplier stop) {
    this.stop = stop;
    return this;
  }

  /** Begins the subject of each ack. */
  String replies() {
    // createInbox() makes a name of 22 characters. Each ack carries it, and both sides read it.
    return options.getInboxPrefix() + run + '.';
  }

  /** The number of the first message. */
  long first() {
    return resumed == null ? 0 : resumed.firstMissing();
  }

  /**
   * Begins.
   *
   * @throws IOException when it cannot connect or read the stream, which only a publisher that
   *     reads back or keeps the order does
   */
  public IdempotentPublisher build()
      throws IOException, JetStreamApiException, InterruptedException {
    return new IdempotentPublisher(this);
  }
}
