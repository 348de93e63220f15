package io.github.natsexperiments.callbacks;

import io.nats.client.PublishOptions;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.PublishAck;
import java.util.List;

/** The gallery's errors of streams and of publishing to them. */
final class StreamErrors {
  static final List<Exhibit> EXHIBITS =
      List.of(
          new Exhibit(
              "jetstream-off",
              "The server runs without JetStream, and nobody answers JetStream's subjects.",
              "Start it with -js; ask getServerInfo().isJetStreamAvailable() first.",
              StreamErrors::jetStreamOff),
          new Exhibit(
              "stream-missing",
              "There is no stream of that name.",
              "Create it, or correct the name; streams in memory end with their server.",
              StreamErrors::streamMissing),
          new Exhibit(
              "publish-without-stream",
              "No stream takes that subject, so nobody answers the publish.",
              "Add the subject to a stream; right after a server's start, try again.",
              StreamErrors::publishWithoutStream),
          new Exhibit(
              "stream-different",
              "A stream of that name is there, with another configuration.",
              "Take it as it is, or updateStream(); not every field can change.",
              StreamErrors::streamDifferent),
          new Exhibit(
              "subject-taken",
              "Another stream has that subject already, or one that overlaps.",
              "A subject belongs to one stream: choose another, or use a source.",
              StreamErrors::subjectTaken),
          new Exhibit(
              "stream-full",
              "The stream is at its limit and discards new messages: this one is not stored.",
              "Make room, raise the limit, or use DiscardPolicy.Old and lose the oldest.",
              StreamErrors::streamFull),
          new Exhibit(
              "message-too-large",
              "The message is larger than this stream takes (max_msg_size).",
              "Send less, or raise the stream's limit.",
              StreamErrors::messageTooLarge),
          new Exhibit(
              "too-many-replicas",
              "More copies are wanted than there are servers.",
              "One server keeps one copy; more need a cluster.",
              StreamErrors::tooManyReplicas),
          new Exhibit(
              "wrong-sequence",
              "The publish expected another last message: somebody was faster.",
              "Read again, decide again, publish with the new sequence.",
              StreamErrors::wrongSequence),
          new Exhibit(
              "duplicate",
              "The stream had that message id within its duplicate window: stored once.",
              "Nothing: this is what makes sending again safe.",
              StreamErrors::duplicate));

  private StreamErrors() {}

  private static String jetStreamOff(Stage stage) throws Exception {
    if (stage.connection.getServerInfo().isJetStreamAvailable()) {
      return Exhibit.NOT_HERE + "on a server without JetStream";
    }
    stage.jetStream().publish(stage.name, new byte[0]);
    return Exhibit.NOTHING;
  }

  private static String streamMissing(Stage stage) throws Exception {
    stage.management().getStreamInfo(stage.name);
    return Exhibit.NOTHING;
  }

  private static String publishWithoutStream(Stage stage) throws Exception {
    stage.jetStream().publish(stage.name, new byte[0]);
    return Exhibit.NOTHING;
  }

  private static String streamDifferent(Stage stage) throws Exception {
    stage.addStream(0);
    stage.management().addStream(stage.stream().maxMessages(7).build());
    return Exhibit.NOTHING;
  }

  private static String subjectTaken(Stage stage) throws Exception {
    stage.addStream(0);
    stage.management().addStream(stage.stream().name(stage.name + "_2").build());
    return Exhibit.NOTHING;
  }

  private static String streamFull(Stage stage) throws Exception {
    stage
        .management()
        .addStream(stage.stream().maxMessages(1).discardPolicy(DiscardPolicy.New).build());
    stage.jetStream().publish(stage.name, new byte[0]);
    stage.jetStream().publish(stage.name, new byte[0]);
    return Exhibit.NOTHING;
  }

  private static String messageTooLarge(Stage stage) throws Exception {
    stage.management().addStream(stage.stream().maximumMessageSize(10).build());
    stage.jetStream().publish(stage.name, new byte[1000]);
    return Exhibit.NOTHING;
  }

  private static String tooManyReplicas(Stage stage) throws Exception {
    stage.management().addStream(stage.stream().replicas(3).build());
    return Exhibit.NOTHING;
  }

  private static String wrongSequence(Stage stage) throws Exception {
    stage.addStream(3);
    PublishOptions afterTheFirst = PublishOptions.builder().expectedLastSequence(1).build();
    stage.jetStream().publish(stage.name, new byte[0], afterTheFirst);
    return Exhibit.NOTHING;
  }

  private static String duplicate(Stage stage) throws Exception {
    stage.addStream(0);
    PublishOptions withId = PublishOptions.builder().messageId("RUN-0").build();
    stage.jetStream().publish(stage.name, new byte[0], withId);
    PublishAck ack = stage.jetStream().publish(stage.name, new byte[0], withId);
    return "publish() returns an ack, isDuplicate() " + ack.isDuplicate();
  }
}
