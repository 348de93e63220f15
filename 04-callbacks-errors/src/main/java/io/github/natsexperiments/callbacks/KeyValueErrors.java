package io.github.natsexperiments.callbacks;

import io.nats.client.KeyValue;
import io.nats.client.MessageTtl;
import java.util.List;

/** The gallery's errors of the key/value store. */
final class KeyValueErrors {
  static final List<Exhibit> EXHIBITS =
      List.of(
          new Exhibit(
              "bucket-missing",
              "There is no such bucket: a bucket is a stream called KV_ and its name.",
              "Create it; look at getCause() for the stream's error.",
              KeyValueErrors::bucketMissing),
          new Exhibit(
              "key-exists",
              "create() wants a key that is not there.",
              "Somebody was faster, or your own first try was: read before you decide.",
              KeyValueErrors::keyExists),
          new Exhibit(
              "wrong-revision",
              "update() expected another revision: the value has changed since it was read.",
              "Read again and update from there, as --increment does in lesson 6.",
              KeyValueErrors::wrongRevision),
          new Exhibit(
              "bad-key",
              "A key has no spaces.",
              "Check what users type in before it becomes a key.",
              KeyValueErrors::badKey),
          new Exhibit(
              "key-ttl",
              "The bucket was not made for keys that expire; needs nats-server 2.11 to tell.",
              "Create it with limitMarker(); an older server ignores the time to live.",
              KeyValueErrors::keyTtl));

  private KeyValueErrors() {}

  private static String bucketMissing(Stage stage) throws Exception {
    stage.connection.keyValue(stage.name).get("key");
    return Exhibit.NOTHING;
  }

  private static String keyExists(Stage stage) throws Exception {
    KeyValue bucket = stage.bucket();
    bucket.create("key", new byte[] {1});
    bucket.create("key", new byte[] {2});
    return Exhibit.NOTHING;
  }

  private static String wrongRevision(Stage stage) throws Exception {
    KeyValue bucket = stage.bucket();
    long revision = bucket.put("key", new byte[] {1});
    bucket.put("key", new byte[] {2}); // somebody else, meanwhile
    bucket.update("key", new byte[] {3}, revision);
    return Exhibit.NOTHING;
  }

  private static String badKey(Stage stage) throws Exception {
    stage.bucket().put("two words", new byte[0]);
    return Exhibit.NOTHING;
  }

  private static String keyTtl(Stage stage) throws Exception {
    if (!stage.connection.getServerInfo().isSameOrNewerThanVersion("2.11.0")) {
      return Exhibit.NOT_HERE + "on nats-server 2.11 and newer";
    }
    stage.bucket().create("key", new byte[0], MessageTtl.seconds(5));
    return Exhibit.NOTHING;
  }
}
