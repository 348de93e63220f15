package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.Buckets;
import io.github.natsexperiments.cli.Connections;
import io.github.natsexperiments.cli.Console;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.github.natsexperiments.keyvalue.Puts.Put;
import io.github.natsexperiments.resilience.IdempotentKeyValue;
import io.github.natsexperiments.resilience.JetStreamErrors;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.NUID;
import io.nats.client.Options;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
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
 * such it can carry an id, a number that grows with each put. When the connection is lost, the id
 * of the newest value of each key tells which puts have arrived; the others are sent again, in
 * their order: nothing is lost or stored twice, and of two values of a key the later one stays.
 *
 * <p>For this order the connection must not reconnect by itself. jnats would first send what it
 * still has in its queue; the puts before that, lost on their way, would come after it.
 *
 * <p>In a cluster, what is sent while there is no leader is dropped, and what follows may be stored
 * by the new one. So of two values of a key in the same window the older can get lost then; the
 * later one stays. Who needs every value has at least as many keys as the window, or no window.
 *
 * <p>For one thread.
 *
 * @see <a href="https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive">NATS
 *     documentation: message deduplication</a>
 */
final class PutWindow implements AutoCloseable {
  /** With more at once the server may be overrun, and drop some. */
  static final int LARGEST = 4096;

  private static final String MESSAGE_ID = "Nats-Msg-Id";
  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(5);
  private static final Duration CHECK = Duration.ofMillis(100);
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final int SHORT_PAUSES = 100;

  /**
   * Called for each put that the server has stored, in the order of the puts. The revision is 0
   * when its answer is lost and a newer value of the key is there.
   */
  interface Listener {
    void stored(Put put, long revision);
  }

  private static final class Pending {
    final Put put;
    final long number;
    final int slot;
    volatile CompletableFuture<PublishAck> answer = new CompletableFuture<>();

    Pending(Put put, long number, int size) {
      this.put = put;
      this.number = number;
      this.slot = (int) (number % size);
    }

    boolean isAnswered() {
      return answer.isDone();
    }
  }

  private final Options options;
  private final String bucket;
  private final int size;
  private final Listener listener;
  private final Console console;
  private final Stop stop;

  private final String run = NUID.nextGlobal() + "-";
  private final Deque<Pending> unanswered = new ArrayDeque<>();
  private final AtomicReferenceArray<Pending> slots;
  private volatile Connection connection;
  private String answers;
  private long puts;
  private long refused;
  private boolean stopped; // while the server was away

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
    if (stopped) {
      return;
    }
    Pending pending = new Pending(put, puts, size);
    slots.set(pending.slot, pending);
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
          subject(pending.put.key()),
          answers + pending.slot,
          new Headers().add(MESSAGE_ID, run + pending.number),
          pending.put.value());
      return true;
    } catch (IllegalStateException e) {
      return false; // the connection is lost
    }
  }

  /** In the connection's thread for answers, beside the one that puts. */
  private void answered(Message answer) {
    if (answer.getConnection() != connection) {
      return; // of the connection before
    }
    String subject = answer.getSubject();
    int slot = Integer.parseInt(subject.substring(subject.lastIndexOf('.') + 1));
    CompletableFuture<PublishAck> waiting = slots.get(slot).answer;
    try {
      // "No responders" is no answer: nobody kept the bucket just then.
      waiting.complete(answer.isStatusMessage() ? null : new PublishAck(answer));
    } catch (JetStreamApiException | IOException e) {
      waiting.completeExceptionally(e);
    }
  }

  private void takeOldestAnswer() throws Failure, InterruptedException {
    Pending oldest = unanswered.element();
    try {
      PublishAck ack = await(oldest.answer);
      if (ack == null) {
        sendAllAgain();
        return;
      }
      listener.stored(oldest.put, ack.getSeqno());
    } catch (ExecutionException e) {
      refused++;
      console.warn(
          "Refused a value of key \"" + oldest.put.key() + "\": " + e.getCause().getMessage());
    }
    unanswered.remove();
  }

  /** Waits for an answer; null when there will be none. */
  private PublishAck await(CompletableFuture<PublishAck> answer)
      throws ExecutionException, InterruptedException {
    long end = System.nanoTime() + LONGEST_ANSWER.toNanos();
    while (true) {
      try {
        return answer.get(CHECK.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (connection.getStatus() == Connection.Status.CLOSED || System.nanoTime() > end) {
          return null;
        }
      }
    }
  }

  private void sendAllAgain() throws Failure, InterruptedException {
    console.warn(
        "Puts without an answer: "
            + unanswered.size()
            + "; what has not arrived is sent again when the server is back");
    close();
    int round = 0;
    do {
      // A server that restarts is back in a second or two, a cluster has elected a new leader after
      // 4 to 9 s. Later, the usual 5 s are soon enough.
      if (stop.sleep(round++ < SHORT_PAUSES ? PAUSE : options.getReconnectWait())) {
        console.warn("Puts without an answer, stored or not: " + unanswered.size());
        unanswered.clear();
        stopped = true;
        return;
      }
    } while (!connected() || !unanswered.stream().allMatch(this::sent));
  }

  /**
   * Finds out which puts are stored, by the newest value of each key. What is older than that must
   * not be sent again: it would replace the newer one. The server would notice an id that it has
   * seen, but it forgets the ids of values that it does not keep, in a restart.
   */
  private void takeStored() throws IOException, JetStreamApiException, InterruptedException {
    Map<String, MessageInfo> newest = new HashMap<>();
    IdempotentKeyValue kv = new IdempotentKeyValue(connection, bucket);
    stop.whenAsked(kv::close);
    for (Iterator<Pending> oldestFirst = unanswered.iterator(); oldestFirst.hasNext(); ) {
      Pending pending = oldestFirst.next();
      String key = pending.put.key();
      if (!newest.containsKey(key)) {
        newest.put(key, kv.newest(key));
      }
      long stored = number(newest.get(key));
      if (pending.number <= stored) {
        oldestFirst.remove();
        listener.stored(pending.put, pending.number == stored ? newest.get(key).getSeq() : 0);
      } else {
        pending.answer = new CompletableFuture<>();
      }
    }
  }

  /** The number of the put that stored this; -1 when it was none of ours. */
  private long number(MessageInfo message) {
    Headers headers = message == null ? null : message.getHeaders();
    String id = headers == null ? null : headers.getFirst(MESSAGE_ID);
    return id != null && id.startsWith(run) ? Long.parseLong(id.substring(run.length())) : -1;
  }

  private String subject(String key) {
    return "$KV." + bucket + "." + key;
  }

  private boolean connected() throws Failure, InterruptedException {
    try {
      connection = Connections.connect(options);
    } catch (Failure e) {
      if (e.exitCode() == ExitCode.UNREACHABLE) {
        return false; // not back yet
      }
      throw e;
    }
    try {
      takeStored();
      answers = connection.createInbox() + ".";
      connection.createDispatcher(this::answered).subscribe(answers + "*");
      return true;
    } catch (IOException | IllegalStateException e) {
      close(); // lost again
      return false;
    } catch (JetStreamApiException e) {
      close();
      if (JetStreamErrors.isStreamNotFound(e)) {
        unanswered.clear(); // there will be no answer
        throw Buckets.refused(connection, bucket, e);
      }
      return false; // a cluster without a leader, just now
    }
  }

  @Override
  public void close() throws InterruptedException {
    connection.close();
  }
}
