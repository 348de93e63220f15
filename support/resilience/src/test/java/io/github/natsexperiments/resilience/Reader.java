package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Reads the sample's numbers, and writes down what it hears. */
final class Reader implements ConsumerListener {
  final List<Integer> numbers = new CopyOnWriteArrayList<>();
  final List<String> heard = new CopyOnWriteArrayList<>();
  final ResumingConsumer consumer;

  /** Reads through the durable "reader". */
  static Reader durable(Connection connection) throws IOException {
    return new Reader(connection, ConsumerConfiguration.builder().durable("reader").build());
  }

  static Reader ordered(Connection connection) throws IOException {
    return new Reader(connection, ConsumerConfiguration.builder().build());
  }

  Reader(Connection connection, ConsumerConfiguration configuration) throws IOException {
    consumer = ResumingConsumer.of(connection, Sample.STREAM, configuration, this);
  }

  Reader start() {
    consumer.consume(this::handle);
    return this;
  }

  void handle(Message message) {
    numbers.add(Integer.valueOf(new String(message.getData(), StandardCharsets.UTF_8)));
    message.ack();
  }

  boolean has(int number) {
    return numbers.contains(number);
  }

  @Override
  public void streamNotFound(JetStreamApiException e, boolean gone) {
    heard.add(gone ? "stream gone" : "no stream");
  }

  @Override
  public void streamFound(StreamInfo stream, boolean replaced) {
    heard.add(replaced ? "stream replaced" : "stream");
  }

  @Override
  public void streamWentBack(long lastSequence) {
    heard.add("back at " + lastSequence);
  }

  @Override
  public void consumerFound(ConsumerInfo consumer) {
    heard.add("found");
  }

  @Override
  public void consumerCreated(ConsumerInfo consumer) {
    heard.add("created");
  }

  @Override
  public void consuming() {
    heard.add("consuming");
  }

  @Override
  public void ackedAgain(Message message) {
    heard.add("acked again");
  }

  @Override
  public void retrying(String reason) {
    heard.add("retrying: " + reason);
  }

  @Override
  public void resumed(Duration after) {
    heard.add("resumed after " + after.toSeconds() + " s");
  }

  @Override
  public void cannotLook(NotPermittedException e) {
    heard.add("cannot look: " + e.getMessage());
  }
}
