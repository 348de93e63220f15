package io.github.natsexperiments.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatcher;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** All that a watch has called, in order. */
final class WatchRecorder implements KeyValueWatcher, WatchListener {
  final List<Long> revisions = new CopyOnWriteArrayList<>();
  final List<String> values = new CopyOnWriteArrayList<>();
  final List<String> events = new CopyOnWriteArrayList<>();
  final CompletableFuture<Void> end = new CompletableFuture<>();
  volatile Throwable failure;

  @Override
  public void watch(KeyValueEntry entry) {
    revisions.add(entry.getRevision());
    values.add(entry.getValueAsString());
  }

  @Override
  public void endOfData() {
    events.add("endOfData");
  }

  @Override
  public void failed(Throwable why) {
    failure = why;
    end.completeExceptionally(why);
    events.add("failed");
  }

  @Override
  public void waiting() {
    events.add("waiting");
  }

  @Override
  public void renewed() {
    events.add("renewed");
  }

  @Override
  public void retrying(Exception why) {
    events.add("retrying");
  }

  @Override
  public void resumed() {
    events.add("resumed");
  }

  void awaitEvent(String event) {
    await().pollInterval(Duration.ofMillis(10)).until(() -> events.contains(event));
  }

  void awaitValue(String value, Duration limit) {
    await()
        .pollInterval(Duration.ofMillis(10))
        .atMost(limit)
        .untilAsserted(() -> assertThat(values).contains(value));
  }

  Throwable awaitFailure(Duration limit) {
    await().pollInterval(Duration.ofMillis(10)).atMost(limit).until(() -> failure != null);
    return failure;
  }
}
