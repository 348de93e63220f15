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
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  static final List<Exhibit> EXHIBITS =
      List.of(
          new Exhibit(
              "consumer-missing",
              "There is no consumer of that name.",
              "Create it; one without a durable name goes when it is not used.",
              stage -> {
                stage.addStream(0);
                stage.management().getConsumerInfo(stage.name, "reader");
              }),
          new Exhibit(
              "consumer-deleted",
              "Somebody deleted the consumer while it was being read.",
              "Create it again if it should be there. consume() never stops by itself then.",
              stage -> {
                stage.addStream(0);
                ConsumerContext consumer = stage.add(stage.consumer());
                try (FetchConsumer messages = consumer.fetchMessages(10)) {
                  while (consumer.getConsumerInfo().getNumWaiting()
                      == 0) {} // the fetch is on its way
                  stage.management().deleteConsumer(stage.name, "reader");
                  messages.nextMessage();
                }
              }),
          new Exhibit(
              "batch-too-large",
              "The consumer allows smaller requests only (max_batch).",
              "Ask for fewer messages. Unless raiseStatusWarnings() is set, nobody tells.",
              stage -> {
                stage.addStream(1);
                ConsumerContext consumer = stage.add(stage.consumer().maxBatch(1));
                FetchConsumeOptions ten =
                    FetchConsumeOptions.builder()
                        .maxMessages(10)
                        .expiresIn(1000)
                        .raiseStatusWarnings()
                        .build();
                try (FetchConsumer messages = consumer.fetch(ten)) {
                  messages.nextMessage();
                }
                stage.awaitCallback("pullStatusWarning");
              }),
          new Exhibit(
              "slow-fetch",
              "The work took longer than the fetch: jnats dropped the messages it still held.",
              "Take the whole batch first, then work; the rest comes again after the ack wait.",
              stage -> {
                stage.addStream(10);
                FetchConsumeOptions ten =
                    FetchConsumeOptions.builder().maxMessages(10).expiresIn(1000).build();
                int handled = 0;
                try (FetchConsumer messages = stage.add(stage.consumer()).fetch(ten)) {
                  for (Message message; (message = messages.nextMessage()) != null; handled++) {
                    Thread.sleep(600); // the work
                    message.ack();
                  }
                }
                stage.awaitCallback("heartbeatAlarm");
                if (handled < 10) {
                  stage.say(stage.said() + "; nextMessage() ends before the last message");
                }
              }),
          new Exhibit(
              "too-many-deliveries",
              "Not acknowledged max_deliver times: the server delivers it no more, and says so.",
              "Subscribe to the advisory, or leave max_deliver out and term() what fails.",
              stage -> {
                stage.addStream(1);
                Subscription advisories =
                    stage.connection.subscribe(
                        "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + stage.name + ".reader");
                ConsumerContext consumer =
                    stage.add(stage.consumer().maxDeliver(1).ackWait(Duration.ofMillis(100)));
                consumer.next(Duration.ofSeconds(1)); // and no ack
                consumer.next(Duration.ofSeconds(1));
                Message advisory = advisories.nextMessage(PATIENCE);
                if (advisory != null) {
                  stage.say("an advisory: a message on " + advisory.getSubject());
                }
              }),
          new Exhibit(
              "ack-core-message",
              "The message came by connection.subscribe(): there is nobody to acknowledge it to.",
              "Read through a consumer; message.isJetStream() knows.",
              stage -> {
                Subscription subscription = stage.connection.subscribe(stage.name);
                stage.connection.publish(stage.name, new byte[0]);
                subscription.nextMessage(PATIENCE).ack();
              }));

  private ConsumerErrors() {}
}
