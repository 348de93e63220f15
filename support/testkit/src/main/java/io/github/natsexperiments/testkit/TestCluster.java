package io.github.natsexperiments.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.natsexperiments.server.NativeCluster;
import io.github.natsexperiments.server.NativeServer;
import io.nats.client.Connection;
import io.nats.client.Options;
import io.nats.client.api.ClusterInfo;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * Three servers with three copies, and what a test does to them: the one that leads the stream dies
 * while a pair runs. Always native servers, whatever {@code nats.test.server} says.
 */
public final class TestCluster implements AutoCloseable {

  /** Servers elect a new leader after 4 to 9 s of silence; an election or two may fail. */
  public static final Duration ELECTION = Duration.ofSeconds(27);

  private final NativeCluster cluster;
  private final Supplier<Options.Builder> login;

  private TestCluster(NativeCluster cluster, Supplier<Options.Builder> login) {
    this.cluster = cluster;
    this.login = login;
  }

  /** A cluster that lets in everybody. */
  public static TestCluster start() throws IOException {
    return start("", Options::builder);
  }

  /**
   * A cluster that wants a login.
   *
   * @param settings the lines of the servers' configuration that say so
   * @param login the same for the connections of the test itself
   */
  public static TestCluster start(String settings, Supplier<Options.Builder> login)
      throws IOException {
    return new TestCluster(NativeCluster.start(0, settings), login);
  }

  /** A jar of the lesson that knows all three servers, not started yet. */
  public Program program(String jar, Object... args) {
    return Pair.program(jar, urls(), args);
  }

  /** The servers. */
  public List<NativeServer> nodes() {
    return cluster.nodes();
  }

  /** Where clients of all servers connect: their URLs, separated by commas. */
  public String urls() {
    return cluster.urls();
  }

  /**
   * The server that leads a stream or a consumer.
   *
   * @param info what the cluster says of it; a consumer has a leader of its own
   */
  public NativeServer leader(ClusterInfo info) {
    return nodes().get(Integer.parseInt(info.getLeader().substring(1)) - 1); // n1, n2 or n3
  }

  /** One of the servers that run. */
  public NativeServer alive() {
    return nodes().stream().filter(NativeServer::isAlive).findFirst().orElseThrow();
  }

  /** A connection of the test's own to one of the servers that run. */
  public Connection connect() throws IOException, InterruptedException {
    return Pair.connect(alive(), login.get());
  }

  /**
   * Kills the server that leads a stream of three replicas.
   *
   * @param stream its name; that of a bucket is {@code KV_} and the bucket's
   */
  public NativeServer killLeader(String stream) throws Exception {
    try (Connection connection = connect()) {
      StreamInfo info = connection.jetStreamManagement().getStreamInfo(stream);
      assertThat(info.getConfiguration().getReplicas()).isEqualTo(NativeCluster.SIZE);
      NativeServer leader = leader(info.getClusterInfo());
      leader.kill();
      return leader;
    }
  }

  @Override
  public void close() {
    cluster.close();
  }
}
