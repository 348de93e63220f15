package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.PlainPair;
import io.github.natsexperiments.testkit.RunningProgram;
import io.github.natsexperiments.testkit.TestServer;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The plain pair, alone and each of its halves with the other half of the lesson's pair. */
class PlainPairIT extends PlainPair.Streams {
  @RegisterExtension static final TestServer server = TestServer.profile("open");

  @Override
  protected RunningServer server() {
    return server;
  }

  @Override
  protected void alsoPrints(
      RunningProgram publisher, RunningProgram subscriber, List<String> acks) {
    publisher.waitForStderr("event: nats: connection opened");
    subscriber.waitForStderr("event: nats: connection opened");
  }
}
