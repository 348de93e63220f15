package io.github.natsexperiments.lab;

import io.github.natsexperiments.cli.Failure;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.KeyValueConfiguration;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;

/** The stream or the bucket of a lesson, made before its programs start. */
final class Storage {
  private Storage() {}

  /**
   * Makes what the lesson's server keeps messages in, with the names that the programs expect. A
   * bucket keeps 64 values of a key, so that a watch that comes late can still get them.
   */
  static void prepare(Lesson lesson, String url) throws Failure, IOException, InterruptedException {
    if (lesson.keeps == Lesson.Keeps.NOTHING) {
      return;
    }
    Options.Builder options = Options.builder().server(url);
    if (Kit.of(lesson.profile) == Kit.TOKEN) {
      options.token(Kit.TOKEN.token().toCharArray());
    }
    try (Connection connection = Nats.connect(options.build())) {
      if (lesson.keeps == Lesson.Keeps.STREAM) {
        connection
            .jetStreamManagement()
            .addStream(StreamConfiguration.builder().name("sample_stream").subjects("foo").build());
      } else {
        connection
            .keyValueManagement()
            .create(KeyValueConfiguration.builder("sample_kv").maxHistoryPerKey(64).build());
      }
    } catch (JetStreamApiException e) {
      throw new IOException(e);
    }
  }
}
