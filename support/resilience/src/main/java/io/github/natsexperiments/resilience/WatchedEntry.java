package io.github.natsexperiments.resilience;

import io.nats.client.Message;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.impl.Headers;

/**
 * An entry with its headers, which jnats leaves out. They distinguish a value that has expired,
 * which jnats reports as a purge, from one that was purged.
 */
public final class WatchedEntry extends KeyValueEntry {
  private final Headers headers;

  WatchedEntry(Message message) {
    super(message);
    headers = message.getHeaders();
  }

  /** The first value of a header; null when there is none. */
  public String header(String name) {
    return headers == null ? null : headers.getFirst(name);
  }
}
