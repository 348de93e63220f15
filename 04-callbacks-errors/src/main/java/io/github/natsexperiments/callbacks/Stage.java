package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.resilience.Connector;
import io.nats.client.Connection;
import io.nats.client.ConsumerContext;
import io.nats.client.ErrorListener;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.KeyValue;
import io.nats.client.Message;
import io.nats.client.NUID;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.support.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What an exhibit of the gallery plays on: a connection, a stream, a consumer and a bucket of names
 * that nobody else has, all removed afterwards, and the callbacks that jnats made meanwhile.
 */
final class Stage implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  final String name = "gallery_" + NUID.nextGlobal();
  private final Options settings;
  final Connection connection;
  private final BlockingQueue<String> callbacks = new LinkedBlockingQueue<>();
  private String said = Exhibit.NOTHING;

  /**
   * @param settings where the server is, and how to log in
   */
  Stage(Options settings) throws IOException, InterruptedException {
    this.settings = settings;
    this.connection = Connector.connect(options().build());
  }

  /** Options that write down every callback. */
  Options.Builder options() {
    return options(new Options.Builder(settings));
  }

  Options.Builder options(Options.Builder others) {
    return others
        .connectionName("NATS simple example gallery")
        .connectionTimeout(Duration.ofSeconds(2))
        .errorListener(new Listener());
  }

  Connection connect(Options.Builder options) throws IOException, InterruptedException {
    return Nats.connect(options.build());
  }

  JetStream jetStream() throws IOException {
    return connection.jetStream();
  }

  JetStreamManagement management() throws IOException {
    return connection.jetStreamManagement();
  }

  /** A stream in memory whose name is its subject, to be finished by the exhibit. */
  StreamConfiguration.Builder stream() {
    return StreamConfiguration.builder().name(name).subjects(name).storageType(StorageType.Memory);
  }

  void add(StreamConfiguration.Builder stream) throws IOException, JetStreamApiException {
    management().addStream(stream.build());
  }

  /** Creates the plain stream, with so many messages in it. */
  void addStream(int messages) throws IOException, JetStreamApiException {
    add(stream());
    for (int i = 0; i < messages; i++) {
      publish();
    }
  }

  void publish() throws IOException, JetStreamApiException {
    jetStream().publish(name, new byte[0]);
  }

  /** A consumer of the stream, to be finished by the exhibit. */
  ConsumerConfiguration.Builder consumer() {
    return ConsumerConfiguration.builder().durable("reader").ackPolicy(AckPolicy.Explicit);
  }

  ConsumerContext add(ConsumerConfiguration.Builder consumer)
      throws IOException, JetStreamApiException {
    return connection.getStreamContext(name).createOrUpdateConsumer(consumer.build());
  }

  KeyValue bucket() throws IOException, JetStreamApiException {
    connection
        .keyValueManagement()
        .create(KeyValueConfiguration.builder().name(name).storageType(StorageType.Memory).build());
    return connection.keyValue(name);
  }

  /** What jnats has done, if it was not to throw. */
  void say(String what) {
    said = what;
  }

  String said() {
    return said;
  }

  /** Waits for the first callback of that name, and says it if one comes. */
  void awaitCallback(String wanted) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    String call;
    while ((call = callbacks.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS)) != null) {
      if (call.startsWith(wanted)) {
        said = "calls " + call;
        return;
      }
    }
  }

  @Override
  public void close() throws InterruptedException {
    if (connection.getServerInfo().isJetStreamAvailable()) {
      try (Connection cleaner = connect(options())) {
        for (String stream : new String[] {name, name + "_2", "KV_" + name}) {
          try {
            cleaner.jetStreamManagement().deleteStream(stream);
          } catch (JetStreamApiException e) {
            // The exhibit did without it.
          }
        }
      } catch (IOException e) {
        // The server has gone, and streams in memory with it.
      }
    }
    connection.close();
  }

  private final class Listener implements ErrorListener {
    @Override
    public void exceptionOccurred(Connection c, Exception e) {
      callbacks.add("exceptionOccurred: " + Exhibit.show(e));
    }

    @Override
    public void slowConsumerDetected(Connection c, io.nats.client.Consumer consumer) {
      callbacks.add("slowConsumerDetected: getDroppedCount() tells how many");
    }

    @Override
    public void messageDiscarded(Connection c, Message message) {
      callbacks.add("messageDiscarded with the message");
    }

    @Override
    public void heartbeatAlarm(
        Connection c, JetStreamSubscription subscription, long stream, long consumer) {
      callbacks.add("heartbeatAlarm");
    }

    @Override
    public void pullStatusWarning(Connection c, JetStreamSubscription subscription, Status status) {
      callbacks.add("pullStatusWarning: " + status.getMessageWithCode());
    }
  }
}
