package io.github.natsexperiments.creds;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.PlainPair;
import io.github.natsexperiments.testkit.Program;
import io.github.natsexperiments.testkit.TestServer;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The plain pair, alone and each of its halves with the other half of the lesson's pair. */
class PlainPairIT extends PlainPair.Core {
  private static final IssuedKit kit = IssuedKit.issue();
  @RegisterExtension static final TestServer server = TestServer.with(kit.serverConf());

  @Override
  protected Program plain(String jar, Object... args) {
    return java(jar, server.url(), kit.file(jar + ".creds")).args(args);
  }

  @Override
  protected Program lesson(String jar, Object... args) {
    return jar.equals("publisher")
        ? kit.publisher(server, jar, args)
        : kit.subscriber(server, jar, args);
  }

  @Override
  protected RunningServer server() {
    return server;
  }
}
