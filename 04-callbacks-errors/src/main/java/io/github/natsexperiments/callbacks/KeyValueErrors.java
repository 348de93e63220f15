package io.github.natsexperiments.callbacks;

import io.nats.client.KeyValue;
import io.nats.client.MessageTtl;
import java.util.List;

/** The gallery's errors of the key/value store. */
final class KeyValueErrors {
  private static final byte[] VALUE = {1};
  private static final byte[] OTHER = {2};

  static final List<Exhibit> EXHIBITS =
      List.of(
          new Exhibit(
              "bucket-missing",
              "There is no such bucket: a bucket is a stream called KV_ and its name.",
              "Create it; look at getCause() for the stream's error.",
              stage -> stage.connection.keyValue(stage.name).get("key")),
          new Exhibit(
              "key-exists",
              "create() wants a key that is not there.",
              "Somebody was faster, or your own first try was: read before you decide.",
              stage -> {
                KeyValue bucket = stage.bucket();
                bucket.create("key", VALUE);
                bucket.create("key", OTHER);
              }),
          new Exhibit(
              "wrong-revision",
              "update() expected another revision: the value has changed since it was read.",
              "Read again and update from there, as --increment does in lesson 6.",
              stage -> {
                KeyValue bucket = stage.bucket();
                long revision = bucket.put("key", VALUE);
                bucket.put("key", OTHER); // somebody else, meanwhile
                bucket.update("key", VALUE, revision);
              }),
          new Exhibit(
              "bad-key",
              "A key has no spaces.",
              "Check what users type in before it becomes a key.",
              stage -> stage.bucket().put("two words", VALUE)),
          new Exhibit(
              "key-ttl",
              "The bucket was not made for keys that expire; needs nats-server 2.11 to tell.",
              "Create it with limitMarker(); an older server ignores the time to live.",
              stage -> {
                if (stage.connection.getServerInfo().isSameOrNewerThanVersion("2.11.0")) {
                  stage.bucket().create("key", VALUE, MessageTtl.seconds(5));
                } else {
                  stage.say(Exhibit.NOT_HERE + "on nats-server 2.11 and newer");
                }
              }));

  private KeyValueErrors() {}
}
