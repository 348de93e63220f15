package io.github.natsexperiments.jetstream;

final class JetStreamSubscriber {
  public static void main(String[] a) {}
}
