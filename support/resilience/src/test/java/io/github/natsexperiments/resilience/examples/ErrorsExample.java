package io.github.natsexperiments.resilience.examples;

import io.github.natsexperiments.resilience.JetStreamErrors;
import io.github.natsexperiments.resilience.NotPermittedException;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import java.io.IOException;

/** Looks for a stream, and distinguishes the four ways in which that can fail. */
public final class ErrorsExample {
  public static void main(String[] args) throws Exception {
    try (Connection connection = Nats.connect(args[0])) {
      JetStreamManagement management = connection.jetStreamManagement();
      JetStreamErrors.ask(connection, () -> management.getStreamInfo("orders"));
      System.out.println("It is there");
    } catch (NotPermittedException e) {
      System.out.println("We may not ask: " + e.getMessage());
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isStreamNotFound(e)) {
        System.out.println("There is no such stream");
      } else if (JetStreamErrors.isTransient(e)) {
        System.out.println("Try again in a moment");
      } else {
        throw e;
      }
    } catch (IOException e) {
      System.out.println("No answer: " + e.getMessage());
    }
  }
}
