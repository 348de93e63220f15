package io.github.natsexperiments.resilience;

import io.nats.client.JetStreamApiException;
import java.io.IOException;
import java.time.Duration;

/**
 * Hears what becomes of the messages of an {@link IdempotentPublisher}. Its methods are called on
 * the publisher's own threads, never two of {@code stored}, {@code refused}, {@code noAnswer} and
 * {@code answered} at the same time, and none after {@code close()}. What they throw, also an
 * {@code Error}, ends the publishing: {@code send}, {@code publish} and {@code awaitAcks} throw it.
 */
public interface PublishListener {
  /**
   * A message that {@code send} has taken is stored.
   *
   * @param number the message's number in the run, from 0
   * @param stream the stream that has it
   * @param sequence its number in the stream
   * @param duplicate whether the stream had it before: the ack of the first sending was lost
   */
  record Stored(
      long number, String subject, byte[] body, String stream, long sequence, boolean duplicate) {}

  /** The stream has a message. */
  void stored(Stored message);

  /** The stream does not take a message, for a reason that does not pass by itself. */
  void refused(long number, String subject, byte[] body, JetStreamApiException reason);

  /**
   * There has been no ack for longer than the ack timeout. Called once, until {@link #answered}.
   *
   * @param messages how many have no ack
   * @param reason the server's words, where it has said anything
   */
  default void noAnswer(int messages, String reason) {}

  /**
   * Messages are about to be sent again. The time to create a stream that is gone; called on a
   * thread that may wait.
   *
   * @param messages how many
   * @throws IOException when they cannot be sent now: asked again after a moment; but a {@link
   *     NotPermittedException} ends the publishing
   * @throws JetStreamApiException ends the publishing, unless the error is transient
   */
  default void sendingAgain(int messages)
      throws IOException, JetStreamApiException, InterruptedException {}

  /**
   * The acks come again.
   *
   * @param silence since when they did not
   * @param stored how many messages were found in the stream, see {@link PublisherBuilder#readBack}
   * @param sent how many were sent again; of both none when the acks came by themselves
   */
  default void answered(Duration silence, int stored, int sent) {}
}
