package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.server.RunningServer;
import io.github.natsexperiments.testkit.Pair;
import io.nats.client.Connection;
import io.nats.client.IterableConsumer;
import io.nats.client.Message;
import io.nats.client.OrderedConsumerContext;
import io.nats.client.api.OrderedConsumerConfiguration;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The numbers of all messages that a stream holds, in the order of the stream. */
final class StoredNumbers {
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(5);

  private StoredNumbers() {}

  static long count(RunningServer server, String stream) throws Exception {
    try (Connection connection = Pair.connect(server)) {
      return connection.getStreamContext(stream).getStreamInfo().getStreamState().getMsgCount();
    }
  }

  /** Fewer than there are when the server that reads for us is dead, or is not up to date. */
  static List<Integer> in(RunningServer server, String stream) throws Exception {
    List<Integer> numbers = new ArrayList<>();
    try (Connection connection = Pair.connect(server)) {
      long count = count(server, stream);
      OrderedConsumerContext consumer =
          connection
              .getStreamContext(stream)
              .createOrderedConsumer(new OrderedConsumerConfiguration());
      try (IterableConsumer messages = consumer.iterate()) {
        Message message;
        while (numbers.size() < count
            && (message = messages.nextMessage(LONGEST_SILENCE)) != null) {
          numbers.add(Pair.number(new String(message.getData(), StandardCharsets.UTF_8)));
        }
      }
    }
    return numbers;
  }
}
