package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.keyvalue.KvPublisher.Put;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.NUID;
import io.nats.client.Options;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Puts without waiting for each answer: a window of them is on its way, and only when it is full
 * the oldest answer is waited for. That is ten times as fast as {@code KeyValue.put}, which has no
 * such form.
 *
 * <p>A bucket is a stream, and a put is a message to the subject {@code $KV.BUCKET.KEY}. Sent as
 * such it can carry an id, and the server stores a message of the same id only once (within two
 * minutes). So when the connection is lost, everything without an answer is sent again, in the same
 * order: nothing is lost or stored twice, and of two values of a key the later one stays.
 *
 * <p>For this order the connection must not reconnect by itself. jnats would first send what it
 * still has in its queue; the puts before that, lost on their way, would come after it.
 *
 * <p>For one thread.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive">NATS
 *     documentation: message deduplication</a>
 */
final class PutWindow implements AutoCloseable {
  /** With more at once the server may be overrun, and drop some. */
  static final int LARGEST = 4096;

  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(5);
  private static final Duration CHECK = Duration.ofMillis(100);
  private static final Duration PAUSE = Duration.ofMillis(200);

  /** Called for each put that the server has stored, in the order of the puts. */
  interface Listener {
    void stored(Put put, long revision);
  }

  private static final class Pending {
    final Put put;
    final String id;
    final int slot;
    volatile CompletableFuture<Message> answer = new CompletableFuture<>();

    Pending(Put put, String id, int slot) {
      this.put = put;
      this.id = id;
      this.slot = slot;
    }

    boolean isAnswered() {
      return answer.isDone();
    }

    /** Not so when the answer is that nobody kept the bucket just then ("no responders"). */
    boolean isTaken() {
      return answer.isDone() && !answer.join().isStatusMessage();
    }
  }

  private final Options options;
  private final String bucket;
  private final int size;
  private final Listener listener;
  private final Console console;
  private final Stop stop;

  private final String run = NUID.nextGlobal();
  private final Deque<Pending> unanswered = new ArrayDeque<>();
  private final AtomicReferenceArray<Pending> slots;
  private volatile Connection connection;
  private String answers;
  private long puts;
  private long refused;

  /**
   * Connects.
   *
   * @param options of the connection, but that it does not reconnect by itself
   * @param size the largest number of puts without an answer, up to {@link #LARGEST}
   */
  PutWindow(Options options, String bucket, int size, Listener listener, Console console, Stop stop)
      throws Failure, InterruptedException {
    this.options = new Options.Builder(options).maxReconnects(0).build();
    this.bucket = bucket;
    this.size = size;
    this.listener = listener;
    this.console = console;
    this.stop = stop;
    this.slots = new AtomicReferenceArray<>(size);
    if (!connected()) {
      throw new Failure(ExitCode.UNREACHABLE, "The server was lost while connecting; try again");
    }
  }

  /**
   * Puts a value; waits only when the window is full.
   *
   * @throws IllegalArgumentException when the value, with its id, is larger than the server takes
   */
  void put(Put put) throws Failure, InterruptedException {
    while (unanswered.size() == size || !unanswered.isEmpty() && unanswered.peek().isAnswered()) {
      takeOldestAnswer();
    }
    int slot = (int) (puts % size);
    Pending pending = new Pending(put, run + "-" + puts, slot);
    slots.set(slot, pending);
    boolean sent = sent(pending);
    puts++;
    unanswered.add(pending);
    if (!sent) {
      sendAllAgain();
    }
  }

  /**
   * Waits for every answer.
   *
   * @throws Failure exit code 1 when the server has refused a put
   */
  void finish() throws Failure, InterruptedException {
    while (!unanswered.isEmpty()) {
      takeOldestAnswer();
    }
    if (refused > 0) {
      throw new Failure(ExitCode.FAILED, "The server refused " + refused + " of " + puts + " puts");
    }
  }

  /** How many puts the server has refused so far; each was told. */
  long refused() {
    return refused;
  }

  /**
   * A request, without what makes jnats' own requests slow: each has its slot in the subject that
   * the answer goes to, so that one subscription takes all answers.
   */
  private boolean sent(Pending pending) {
    try {
      connection.publish(
          "$KV." + bucket + "." + pending.put.key(),
          answers + pending.slot,
          new Headers().add("Nats-Msg-Id", pending.id),
          pending.put.value());
      return true;
    } catch (IllegalStateException e) {
      return false; // the connection is lost
    }
  }

  private void answered(Message answer) {
    if (answer.getConnection() == connection) {
      String subject = answer.getSubject();
      int slot = Integer.parseInt(subject.substring(subject.lastIndexOf('.') + 1));
      slots.get(slot).answer.complete(answer);
    }
  }

  private void takeOldestAnswer() throws Failure, InterruptedException {
    Pending oldest = unanswered.element();
    await(oldest);
    if (!oldest.isTaken()) {
      sendAllAgain();
      return;
    }
    unanswered.remove();
    try {
      listener.stored(oldest.put, new PublishAck(oldest.answer.join()).getSeqno());
    } catch (JetStreamApiException | IOException e) {
      refused++;
      console.warn("Refused a value of key \"" + oldest.put.key() + "\": " + e.getMessage());
    }
  }

  /** Waits for an answer, or until it is clear that there will be none. */
  private void await(Pending pending) throws InterruptedException {
    long end = System.nanoTime() + LONGEST_ANSWER.toNanos();
    while (true) {
      try {
        pending.answer.get(CHECK.toMillis(), TimeUnit.MILLISECONDS);
        return;
      } catch (TimeoutException e) {
        if (connection.getStatus() == Connection.Status.CLOSED || System.nanoTime() > end) {
          return;
        }
      } catch (ExecutionException e) {
        throw new IllegalStateException(e); // nobody completes it that way
      }
    }
  }

  private void sendAllAgain() throws Failure, InterruptedException {
    close();
    dropOutdated();
    console.warn(
        "Puts without an answer: "
            + unanswered.size()
            + "; they are sent again, under the same ids, when the server is back");
    Duration pause = PAUSE;
    do {
      if (stop.sleep(pause)) {
        console.warn("Puts without an answer, stored or not: " + unanswered.size());
        unanswered.clear();
        return;
      }
      pause = options.getReconnectWait();
    } while (!connected() || !unanswered.stream().allMatch(this::sent));
  }

  /**
   * In a cluster that changes its leader, a put can be lost and one after it stored. Then the older
   * value must not be sent again: it would replace the newer one.
   */
  private void dropOutdated() {
    Set<String> newer = new HashSet<>();
    for (Iterator<Pending> latestFirst = unanswered.descendingIterator(); latestFirst.hasNext(); ) {
      Pending pending = latestFirst.next();
      if (pending.isTaken()) {
        newer.add(pending.put.key());
      } else if (newer.contains(pending.put.key())) {
        latestFirst.remove();
        refused++;
        console.warn("Lost a value of key \"" + pending.put.key() + "\"; a newer one is stored");
      } else {
        pending.answer = new CompletableFuture<>();
      }
    }
  }

  private boolean connected() throws Failure, InterruptedException {
    try {
      connection = Connections.connect(options);
      connection.keyValueManagement(KvPublisher.ANSWER_SOON).getStatus(bucket);
      answers = connection.createInbox() + ".";
      connection.createDispatcher(this::answered).subscribe(answers + "*");
      return true;
    } catch (JetStreamApiException e) {
      unanswered.clear(); // there will be no answer
      throw KvPublisher.refused(bucket, e);
    } catch (IOException | IllegalStateException e) {
      return false; // lost again
    } catch (Failure e) {
      if (e.exitCode() == ExitCode.UNREACHABLE) {
        return false; // not back yet
      }
      throw e;
    }
  }

  @Override
  public void close() throws InterruptedException {
    connection.close();
  }
}
