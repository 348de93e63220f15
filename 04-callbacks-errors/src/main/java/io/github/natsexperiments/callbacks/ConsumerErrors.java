package io.github.natsexperiments.callbacks;

import io.nats.client.ConsumerContext;
import io.nats.client.FetchConsumeOptions;
import io.nats.client.FetchConsumer;
import io.nats.client.Message;
import io.nats.client.Subscription;
import java.time.Duration;
import java.util.List;

/** The gallery's errors of consumers and of what they deliver. */
final class ConsumerErrors {
  static final List<Exhibit> EXHIBITS =
      List.of(
          new Exhibit(
              "consumer-missing",
              "There is no consumer of that name.",
              "Create it; one without a durable name goes when it is not used.",
              ConsumerErrors::consumerMissing),
          new Exhibit(
              "consumer-deleted",
              "Somebody deleted the consumer while it was being read.",
              "Create it again if it should be there. consume() never stops by itself then.",
              ConsumerErrors::consumerDeleted),
          new Exhibit(
              "batch-too-large",
              "The consumer allows smaller requests only (max_batch).",
              "Ask for fewer messages. Unless raiseStatusWarnings() is set, nobody tells.",
              ConsumerErrors::batchTooLarge),
          new Exhibit(
              "slow-fetch",
              "The work took longer than the fetch: jnats dropped the messages it still held.",
              "Take the whole batch first, then work; the rest comes again after the ack wait.",
              ConsumerErrors::slowFetch),
          new Exhibit(
              "too-many-deliveries",
              "Not acknowledged max_deliver times: the server delivers it no more, and says so.",
              "Subscribe to the advisory, or leave max_deliver out and term() what fails.",
              ConsumerErrors::tooManyDeliveries),
          new Exhibit(
              "ack-core-message",
              "The message came by connection.subscribe(): there is nobody to acknowledge it to.",
              "Read through a consumer; message.isJetStream() knows.",
              ConsumerErrors::ackCoreMessage));

  private ConsumerErrors() {}

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static String consumerMissing(Stage stage) throws Exception {
    stage.addStream(0);
    stage.management().getConsumerInfo(stage.name, "reader");
    return Exhibit.NOTHING;
  }

  private static String consumerDeleted(Stage stage) throws Exception {
    stage.addStream(0);
    ConsumerContext consumer = stage.add(stage.consumer());
    try (FetchConsumer messages = consumer.fetchMessages(10)) {
      while (consumer.getConsumerInfo().getNumWaiting() == 0) {} // the fetch is on its way
      stage.management().deleteConsumer(stage.name, "reader");
      messages.nextMessage();
    }
    return Exhibit.NOTHING;
  }

  private static String batchTooLarge(Stage stage) throws Exception {
    stage.addStream(1);
    ConsumerContext consumer = stage.add(stage.consumer().maxBatch(1));
    FetchConsumeOptions ten =
        FetchConsumeOptions.builder().maxMessages(10).expiresIn(1000).raiseStatusWarnings().build();
    try (FetchConsumer messages = consumer.fetch(ten)) {
      messages.nextMessage();
    }
    return stage.callback("pullStatusWarning");
  }

  private static String slowFetch(Stage stage) throws Exception {
    stage.addStream(10);
    ConsumerContext consumer = stage.add(stage.consumer());
    int handled = 0;
    try (FetchConsumer messages =
        consumer.fetch(FetchConsumeOptions.builder().maxMessages(10).expiresIn(1000).build())) {
      Message message;
      while ((message = messages.nextMessage()) != null) {
        Thread.sleep(600); // the work
        message.ack();
        handled++;
      }
    }
    return stage.callback("heartbeatAlarm")
        + (handled < 10 ? "; nextMessage() ends before the last message" : "");
  }

  private static String tooManyDeliveries(Stage stage) throws Exception {
    stage.addStream(1);
    Subscription advisories =
        stage.connection.subscribe(
            "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + stage.name + ".reader");
    ConsumerContext consumer =
        stage.add(stage.consumer().maxDeliver(1).ackWait(Duration.ofMillis(100)));
    consumer.next(Duration.ofSeconds(1)); // and no ack
    consumer.next(Duration.ofSeconds(1));
    Message advisory = advisories.nextMessage(PATIENCE);
    return advisory == null
        ? Exhibit.NOTHING
        : "an advisory: a message on " + advisory.getSubject();
  }

  private static String ackCoreMessage(Stage stage) throws Exception {
    Subscription subscription = stage.connection.subscribe(stage.name);
    stage.connection.publish(stage.name, new byte[0]);
    subscription.nextMessage(PATIENCE).ack();
    return Exhibit.NOTHING;
  }
}
