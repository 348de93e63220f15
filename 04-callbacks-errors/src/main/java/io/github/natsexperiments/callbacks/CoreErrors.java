package io.github.natsexperiments.callbacks;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import io.nats.client.Options;
import io.nats.client.RequestFailureMessage;
import io.nats.client.Subscription;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The gallery's errors of connections and of core NATS. */
final class CoreErrors {
  private static final byte[] HELLO = "Hello".getBytes(StandardCharsets.UTF_8);
  private static final Duration SECOND = Duration.ofSeconds(1);

  static final List<Exhibit> EXHIBITS =
      List.of(
          new Exhibit(
              "no-server",
              "No server of the list could be reached; the reason went to the ErrorListener only.",
              "Start a server or correct the URL. The first connect is not retried.",
              stage -> // nobody has this port
              stage.connect(stage.options(Options.builder().server("nats://127.0.0.1:1")))),
          new Exhibit(
              "publish-after-close",
              "The connection was closed, by the program or for good by jnats.",
              "Close last; look for the CLOSED event when it was not you.",
              stage -> {
                stage.connection.close();
                stage.connection.publish(stage.name, HELLO);
              }),
          new Exhibit(
              "payload-too-large",
              "The message is larger than the server's max_payload, 1 MB by default.",
              "Send less or in parts; connection.getMaxPayload() knows the limit.",
              stage -> {
                int most = (int) stage.connection.getMaxPayload();
                stage.connection.publish(stage.name, new byte[most + 1]);
              }),
          new Exhibit(
              "bad-subject",
              "A subject has no spaces and no line breaks.",
              "Check what users type in before it becomes a subject.",
              stage -> stage.connection.publish("two words", HELLO)),
          new Exhibit(
              "empty-token",
              "An empty token, as in a..b: jnats lets it pass and the server drops the message.",
              "Options.builder().strictSubjectValidation() makes it an exception.",
              stage -> {
                Subscription all = stage.connection.subscribe(stage.name + ".>");
                stage.connection.publish(stage.name + "..b", HELLO);
                stage.say(
                    all.nextMessage(SECOND) == null
                        ? Exhibit.NOTHING + ", and the message does not arrive"
                        : "the message arrives");
              }),
          new Exhibit(
              "no-responders",
              "Nobody is subscribed to the subject of the request.",
              "Check for null, or set advancedRequestBehavior() to be told the reason.",
              stage ->
                  stage.say(
                      "request() returns " + stage.connection.request(stage.name, HELLO, SECOND))),
          new Exhibit(
              "no-responders-future",
              "The same, with request() that returns a future.",
              "Handle CancellationException like a missing answer.",
              stage -> stage.connection.request(stage.name, HELLO).get(1, TimeUnit.SECONDS)),
          new Exhibit(
              "no-responders-reason",
              "The same, with Options.builder().advancedRequestBehavior().",
              "Switch on getReason(): NO_RESPONDERS, TIMEOUT, …",
              stage -> {
                try (Connection connection =
                    stage.connect(stage.options().advancedRequestBehavior())) {
                  Message reply = connection.request(stage.name, HELLO, SECOND);
                  if (reply instanceof RequestFailureMessage failure) {
                    stage.say(
                        "request() returns a RequestFailureMessage, reason " + failure.getReason());
                  }
                }
              }),
          new Exhibit(
              "no-reply",
              "Somebody has the request and did not answer in time.",
              "Check for null; ask again only when asking twice does no harm.",
              stage -> {
                stage.connection.createDispatcher(message -> {}).subscribe(stage.name);
                Message reply = stage.connection.request(stage.name, HELLO, SECOND);
                stage.say("after the timeout request() returns " + reply);
              }),
          new Exhibit(
              "slow-consumer",
              "Messages came faster than the handler took them; jnats drops the newest.",
              "Make the handler faster, raise setPendingLimits(), share by a queue group, or use"
                  + " JetStream.",
              stage -> {
                CountDownLatch shown = new CountDownLatch(1);
                Dispatcher slow = stage.connection.createDispatcher(message -> shown.await());
                slow.setPendingLimits(10, 1_000_000);
                slow.subscribe(stage.name);
                for (int i = 0; i < 100; i++) {
                  stage.connection.publish(stage.name, HELLO);
                }
                stage.awaitCallback("slowConsumerDetected");
                shown.countDown();
              }),
          new Exhibit(
              "handler-throws",
              "A message handler threw; its dispatcher goes on with the next message.",
              "Catch in the handler: for core NATS that message is gone.",
              stage -> {
                MessageHandler failing =
                    message -> {
                      throw new IllegalStateException("the handler's own");
                    };
                stage.connection.createDispatcher(failing).subscribe(stage.name);
                stage.connection.publish(stage.name, HELLO);
                stage.awaitCallback("exceptionOccurred");
              }),
          new Exhibit(
              "message-discarded",
              "The outgoing queue was full, and the options say to discard rather than to wait.",
              "Leave out discardMessagesWhenOutgoingQueueFull(), or count what you lose.",
              stage -> {
                Options.Builder options =
                    stage
                        .options()
                        .maxMessagesInOutgoingQueue(10)
                        .discardMessagesWhenOutgoingQueueFull();
                try (Connection connection = stage.connect(options)) {
                  for (int i = 0; i < 100_000; i++) {
                    connection.publish(stage.name, HELLO);
                  }
                  stage.awaitCallback("messageDiscarded");
                }
              }));

  private CoreErrors() {}
}
