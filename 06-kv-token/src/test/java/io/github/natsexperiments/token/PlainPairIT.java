package io.github.natsexperiments.token;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.PlainPair;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.TestServer;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The plain pair, alone and each of its halves with the other half of the lesson's pair. */
class PlainPairIT extends PlainPair.Buckets {
  private static final Login LOGIN = Login.issue();

  @RegisterExtension final TestServer server = TestServer.with(LOGIN.config());

  @Override
  protected Program plain(String jar, Object... args) {
    return java(jar, server.url()).env("NATS_TOKEN", LOGIN.token()).args(args);
  }

  @Override
  protected Program lesson(String jar, Object... args) {
    return jar.equals("publisher") ? LOGIN.publisher(server, args) : LOGIN.subscriber(server, args);
  }

  @Override
  protected RunningServer server() {
    return server;
  }
}
