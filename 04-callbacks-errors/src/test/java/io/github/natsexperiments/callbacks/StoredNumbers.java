package io.github.natsexperiments.callbacks;

import io.github.natsexperiments.server.RunningServer;
import io.nats.client.Connection;
import io.nats.client.FetchConsumeOptions;
import io.nats.client.FetchConsumer;
import io.nats.client.Message;
import io.nats.client.OrderedConsumerContext;
import io.nats.client.api.OrderedConsumerConfiguration;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The numbers of all messages that a stream holds, in the order of the stream. */
final class StoredNumbers {
  private StoredNumbers() {}

  static long count(RunningServer server, String stream) throws Exception {
    try (Connection connection = Pair.connect(server)) {
      return connection.getStreamContext(stream).getStreamInfo().getStreamState().getMsgCount();
    }
  }

  static List<Long> in(RunningServer server, String stream) throws Exception {
    List<Long> numbers = new ArrayList<>();
    try (Connection connection = Pair.connect(server)) {
      long count = count(server, stream);
      OrderedConsumerContext consumer =
          connection
              .getStreamContext(stream)
              .createOrderedConsumer(new OrderedConsumerConfiguration());
      while (numbers.size() < count) {
        try (FetchConsumer messages =
            consumer.fetch(FetchConsumeOptions.builder().maxMessages(5000).build())) {
          Message message;
          while (numbers.size() < count && (message = messages.nextMessage()) != null) {
            numbers.add(Pair.number(new String(message.getData(), StandardCharsets.UTF_8)));
          }
        }
      }
    }
    return numbers;
  }
}
