package io.github.natsexperiments.callbacks;

import io.nats.client.PublishOptions;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.PublishAck;
import java.util.List;

/** The gallery's errors of streams and of publishing to them. */
final class StreamErrors {
  private static final byte[] EMPTY = {};

  static final List<Exhibit> EXHIBITS =
      List.of(
          new Exhibit(
              "jetstream-off",
              "The server runs without JetStream, and nobody answers JetStream's subjects.",
              "Start it with -js; ask getServerInfo().isJetStreamAvailable() first.",
              stage -> {
                if (stage.connection.getServerInfo().isJetStreamAvailable()) {
                  stage.say(Exhibit.NOT_HERE + "on a server without JetStream");
                } else {
                  stage.publish();
                }
              }),
          new Exhibit(
              "stream-missing",
              "There is no stream of that name.",
              "Create it, or correct the name; streams in memory end with their server.",
              stage -> stage.management().getStreamInfo(stage.name)),
          new Exhibit(
              "publish-without-stream",
              "No stream takes that subject, so nobody answers the publish.",
              "Add the subject to a stream; right after a server's start, try again.",
              stage -> stage.publish()),
          new Exhibit(
              "stream-different",
              "A stream of that name is there, with another configuration.",
              "Take it as it is, or updateStream(); not every field can change.",
              stage -> {
                stage.add(stage.stream());
                stage.add(stage.stream().maxMessages(7));
              }),
          new Exhibit(
              "subject-taken",
              "Another stream has that subject already, or one that overlaps.",
              "A subject belongs to one stream: choose another, or use a source.",
              stage -> {
                stage.add(stage.stream());
                stage.add(stage.stream().name(stage.name + "_2"));
              }),
          new Exhibit(
              "stream-full",
              "The stream is at its limit and discards new messages: this one is not stored.",
              "Make room, raise the limit, or use DiscardPolicy.Old and lose the oldest.",
              stage -> {
                stage.add(stage.stream().maxMessages(1).discardPolicy(DiscardPolicy.New));
                stage.publish();
                stage.publish();
              }),
          new Exhibit(
              "message-too-large",
              "The message is larger than this stream takes (max_msg_size).",
              "Send less, or raise the stream's limit.",
              stage -> {
                stage.add(stage.stream().maximumMessageSize(10));
                stage.jetStream().publish(stage.name, new byte[1000]);
              }),
          new Exhibit(
              "too-many-replicas",
              "More copies are wanted than there are servers.",
              "One server keeps one copy; more need a cluster.",
              stage -> stage.add(stage.stream().replicas(3))),
          new Exhibit(
              "wrong-sequence",
              "The publish expected another last message: somebody was faster.",
              "Read again, decide again, publish with the new sequence.",
              stage -> {
                stage.addStream(3);
                PublishOptions afterTheFirst =
                    PublishOptions.builder().expectedLastSequence(1).build();
                stage.jetStream().publish(stage.name, EMPTY, afterTheFirst);
              }),
          new Exhibit(
              "duplicate",
              "The stream had that message id within its duplicate window: stored once.",
              "Nothing: this is what makes sending again safe.",
              stage -> {
                stage.addStream(0);
                PublishOptions withId = PublishOptions.builder().messageId("RUN-0").build();
                stage.jetStream().publish(stage.name, EMPTY, withId);
                PublishAck ack = stage.jetStream().publish(stage.name, EMPTY, withId);
                stage.say("publish() returns an ack, isDuplicate() " + ack.isDuplicate());
              }));

  private StreamErrors() {}
}
