package io.github.natsexperiments.resilience;

import io.nats.client.Connection;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.support.Status;

/** Hands every callback on to another listener. */
class ForwardingErrorListener implements ErrorListener {
  private final ErrorListener to;

  ForwardingErrorListener(ErrorListener to) {
    this.to = to;
  }

  @Override
  public void errorOccurred(Connection connection, String error) {
    to.errorOccurred(connection, error);
  }

  @Override
  public void exceptionOccurred(Connection connection, Exception e) {
    to.exceptionOccurred(connection, e);
  }

  @Override
  public void slowConsumerDetected(Connection connection, Consumer consumer) {
    to.slowConsumerDetected(connection, consumer);
  }

  @Override
  public void messageDiscarded(Connection connection, Message message) {
    to.messageDiscarded(connection, message);
  }

  @Override
  public void heartbeatAlarm(
      Connection connection, JetStreamSubscription subscription, long stream, long consumer) {
    to.heartbeatAlarm(connection, subscription, stream, consumer);
  }

  @Override
  public void unhandledStatus(
      Connection connection, JetStreamSubscription subscription, Status status) {
    to.unhandledStatus(connection, subscription, status);
  }

  @Override
  public void pullStatusWarning(
      Connection connection, JetStreamSubscription subscription, Status status) {
    to.pullStatusWarning(connection, subscription, status);
  }

  @Override
  public void pullStatusError(
      Connection connection, JetStreamSubscription subscription, Status status) {
    to.pullStatusError(connection, subscription, status);
  }

  @Override
  public void flowControlProcessed(
      Connection connection,
      JetStreamSubscription subscription,
      String subject,
      FlowControlSource source) {
    to.flowControlProcessed(connection, subscription, subject, source);
  }

  @Override
  public void socketWriteTimeout(Connection connection) {
    to.socketWriteTimeout(connection);
  }
}
