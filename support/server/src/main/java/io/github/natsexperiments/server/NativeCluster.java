package io.github.natsexperiments.server;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Three nats-servers on this machine that are one JetStream cluster: a stream with three replicas
 * goes on without any one of them. Each is a {@link NativeServer}, with its ways to fail; one that
 * is started again is ready when it says so itself, and catches up with the others by and by.
 *
 * @see <a href="https://docs.nats.io/learn/topologies/jetstream-in-a-cluster">NATS documentation:
 *     JetStream clustering</a>
 */
public final class NativeCluster implements Ports.Server {
  /** The smallest cluster in which the death of one node leaves a majority. */
  public static final int SIZE = 3;

  private static final Duration PEERS_LIMIT = Duration.ofSeconds(10);
  private static final long POLL_MILLIS = 50;
  private static final Pattern CURRENT_PEER = Pattern.compile("\"current\": *true");

  /**
   * That a node which was started again takes clients and has JetStream on. Not that it has caught
   * up: with nats-server 2.9 that can take more than half a minute after a kill, and the cluster
   * works meanwhile.
   */
  private static final String READY = "/healthz?js-enabled-only=true";

  private final List<NativeServer> nodes = new ArrayList<>();

  private NativeCluster(
      ServerBinary binary, List<Integer> ports, String settings, Consumer<NativeServer> started)
      throws IOException {
    List<Integer> routes = Ports.free(SIZE);
    for (int i = 0; i < SIZE; i++) {
      ServerConfig config = config("n" + (i + 1), ports.get(i), routes.get(i), routes, settings);
      nodes.add(new NativeServer(binary, config, ports.get(i), READY, null, started));
    }
  }

  /**
   * Starts the nodes and returns when they have elected their leader. They are stopped and their
   * data removed by {@link #close()}, or else when this JVM exits, see {@link
   * NativeServer#start(ServerConfig, int)}.
   *
   * @param port the client port of the first node, of which the others have the next ones; 0 for
   *     free ones
   * @throws BindException when a port is taken; the message says by whom
   * @throws IOException when there is no nats-server to start, or the cluster does not become ready
   *     within 30 s
   */
  public static NativeCluster start(int port) throws IOException {
    return start(port, "", null);
  }

  /**
   * The same with more in the configuration of each node.
   *
   * @param settings lines as in a configuration file, for example how clients log in
   */
  public static NativeCluster start(int port, String settings) throws IOException {
    return start(port, settings, null);
  }

  /**
   * The same as {@link #start(int)} without the end at JVM exit.
   *
   * @param started is called with each node whose process has been started
   */
  public static NativeCluster startWithoutShutdownHook(int port, Consumer<NativeServer> started)
      throws IOException {
    return start(port, "", started);
  }

  private static NativeCluster start(int port, String settings, Consumer<NativeServer> started)
      throws IOException {
    ServerBinary binary = ServerBinary.find();
    return Ports.start(port, SIZE, ports -> new NativeCluster(binary, ports, settings, started));
  }

  /** All at once, because none is ready before a majority is. The first failure ends the wait. */
  @Override
  public void start() throws IOException {
    ExecutorService threads = Executors.newFixedThreadPool(SIZE);
    try {
      CompletionService<Void> starts = new ExecutorCompletionService<>(threads);
      for (NativeServer node : nodes) {
        starts.submit(
            () -> {
              node.start(Monitoring.HEALTHY);
              return null;
            });
      }
      for (int i = 0; i < SIZE; i++) {
        starts.take().get();
      }
      awaitPeers();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a cluster");
    } finally {
      threads.shutdown();
    }
  }

  /**
   * Gives the leader time to hear of the two others: before, it would refuse a stream with three
   * replicas, "peer offline". A leader that says nothing of them is no reason not to go on.
   */
  private void awaitPeers() throws InterruptedException {
    long end = System.nanoTime() + PEERS_LIMIT.toNanos();
    while (nodes.stream().noneMatch(NativeCluster::knowsOthers) && System.nanoTime() < end) {
      Thread.sleep(POLL_MILLIS);
    }
  }

  private static boolean knowsOthers(NativeServer node) {
    String jetStream = new Monitoring(node.monitoringPort()).get("/jsz").orElse("");
    return CURRENT_PEER.matcher(jetStream).results().count() == SIZE - 1
        && !jetStream.contains("\"offline\": true");
  }

  private static ServerConfig config(
      String name, int port, int route, List<Integer> routes, String settings) {
    String all =
        routes.stream()
            .map(r -> "\"nats://127.0.0.1:" + r + "\"")
            .collect(Collectors.joining(", "));
    String variables =
        """
        NODE_NAME: "%s"
        NODE_ADDRESS: "127.0.0.1:%d"
        NODE_ROUTE: "127.0.0.1:%d"
        ROUTES: [%s]

        """
            .formatted(name, port, route, all);
    return new ServerConfig(name, variables + ServerConfig.read("cluster") + settings);
  }

  /** The nodes n1, n2 and n3. */
  public List<NativeServer> nodes() {
    return List.copyOf(nodes);
  }

  /** Where clients connect: the URLs of all nodes, separated by commas. */
  public String urls() {
    return nodes.stream().map(NativeServer::url).collect(Collectors.joining(","));
  }

  /** Stops all nodes and removes their data; safe to call twice. */
  @Override
  public void close() {
    nodes.forEach(NativeServer::close);
  }
}
