package io.github.natsexperiments.resilience;

import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** All that a publisher has called. */
class PublishRecorder implements PublishListener {
  final List<Stored> stored = Collections.synchronizedList(new ArrayList<>());
  final List<Long> refused = Collections.synchronizedList(new ArrayList<>());
  final List<String> reasons = Collections.synchronizedList(new ArrayList<>());
  final List<String> answers = Collections.synchronizedList(new ArrayList<>());
  final AtomicInteger again = new AtomicInteger();

  @Override
  public void stored(Stored message) {
    stored.add(message);
  }

  @Override
  public void refused(long number, String subject, byte[] body, JetStreamApiException reason) {
    refused.add(number);
  }

  @Override
  public void noAnswer(int messages, String reason) {
    reasons.add(messages + ": " + reason);
  }

  @Override
  public void sendingAgain(int messages)
      throws IOException, JetStreamApiException, InterruptedException {
    again.incrementAndGet();
  }

  @Override
  public void answered(Duration silence, int stored, int sent) {
    answers.add(stored + " stored, " + sent + " sent");
  }
}
