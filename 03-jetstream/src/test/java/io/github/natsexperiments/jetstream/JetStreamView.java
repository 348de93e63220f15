package io.github.natsexperiments.jetstream;

import io.github.natsexperiments.server.RunningServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StreamInfo;
import java.io.IOException;

/** What the server itself says about the lesson's stream and consumer. */
final class JetStreamView implements AutoCloseable {
  static final String STREAM = "sample_stream";
  static final String DURABLE = "sample_durable";

  final Connection connection;
  final JetStreamManagement management;

  JetStreamView(RunningServer server) throws IOException, InterruptedException {
    connection = Nats.connect(server.url());
    management = connection.jetStreamManagement();
  }

  StreamInfo stream() throws IOException, JetStreamApiException {
    return management.getStreamInfo(STREAM);
  }

  long messages() throws IOException, JetStreamApiException {
    return stream().getStreamState().getMsgCount();
  }

  ConsumerInfo consumer() throws IOException, JetStreamApiException {
    return management.getConsumerInfo(STREAM, DURABLE);
  }

  /** Removes the stream, so that the next test begins with nothing. */
  static void clear(RunningServer server) throws IOException, InterruptedException {
    try (JetStreamView view = new JetStreamView(server)) {
      for (String stream : view.management.getStreamNames()) {
        view.management.deleteStream(stream);
      }
    } catch (JetStreamApiException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void close() throws InterruptedException {
    connection.close();
  }
}
