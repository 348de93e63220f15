package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.PlainPair;
import io.github.natsexperiments.testkit.TestServer;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The plain pair, alone and each of its halves with the other half of the lesson's pair. */
class PlainPairIT extends PlainPair.Buckets {
  @RegisterExtension final TestServer server = TestServer.profile("open");

  @Override
  protected RunningServer server() {
    return server;
  }
}
