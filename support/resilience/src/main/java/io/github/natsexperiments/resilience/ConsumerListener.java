package io.github.natsexperiments.resilience;

import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.StreamInfo;
import java.time.Duration;

/**
 * What happens to a {@link ResumingConsumer} beside messages. Its own thread makes these calls, one
 * at a time and never together with the handler's; what one of them throws ends the consuming.
 */
public interface ConsumerListener {
  /**
   * There is no such stream: it is looked for four times a second. Once per absence.
   *
   * @param gone whether it was there before
   */
  default void streamNotFound(JetStreamApiException e, boolean gone) throws Exception {}

  /**
   * The stream is there, for the first time or as a new one of the same name.
   *
   * @param replaced whether there was another one before, and no absence was reported
   */
  default void streamFound(StreamInfo stream, boolean replaced) throws Exception {}

  /**
   * The stream is the same and has lost its end: the server came back with older data, such as a
   * backup. Sequences that we have had mean other messages now, or will.
   *
   * @param lastSequence the last one that still means the same
   */
  default void streamWentBack(long lastSequence) throws Exception {}

  /** The durable consumer was there before us: the place to refuse it or to update it. */
  default void consumerFound(ConsumerInfo consumer) throws Exception {}

  /** The durable consumer was not there, and has been created. */
  default void consumerCreated(ConsumerInfo consumer) throws Exception {}

  /** Somebody deleted the durable consumer 2 s ago. Unless this throws, it is created again. */
  default void consumerDeleted(JetStreamApiException e) throws Exception {
    throw e; // a new one would deliver everything once more
  }

  /** Messages are asked for: at the start, after a reconnect, in a new stream. */
  default void consuming() throws Exception {}

  /**
   * A message that this process has handled and acknowledged was delivered again: the server was
   * killed before it had written the ack down. It is acknowledged again, and not handled.
   */
  default void ackedAgain(Message message) throws Exception {}

  /** The server has not answered for 3 to 5 s, and is asked again and again. Once per trouble. */
  default void retrying(String reason) throws Exception {}

  /** The trouble that was reported is over. */
  default void resumed(Duration after) throws Exception {}

  /** We may not ask for the stream, or the consumer, and read what is there. Once for each. */
  default void cannotLook(NotPermittedException e) throws Exception {}
}
