package io.github.natsexperiments.cli;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Makes the payloads of a run: a text in which {@code {n}} is the counter, padded with dots to a
 * size. It copies a prepared array and writes the digits into it, because at a million messages a
 * second formatting a string for each would be the slowest part of a publisher.
 *
 * <p>Not for use by several threads.
 */
public final class MessageTemplate {
  private final byte[][] parts; // between the counters
  private final int size;
  private byte[] prepared;
  private int preparedDigits;

  /**
   * @param text the payload, every {@code {n}} in it replaced by the counter
   * @param size bytes to pad to; a longer text stays whole
   */
  public MessageTemplate(String text, int size) {
    this.size = size;
    String[] texts = text.split("\\{n}", -1);
    this.parts = new byte[texts.length][];
    for (int i = 0; i < texts.length; i++) {
      parts[i] = texts[i].getBytes(StandardCharsets.UTF_8);
    }
  }

  /**
   * The payload of one message, an array of its own.
   *
   * @param n the counter, from 0
   */
  public byte[] payload(long n) {
    int digits = digits(n);
    if (digits != preparedDigits) {
      prepare(digits);
    }
    byte[] payload = prepared.clone();
    int end = 0;
    for (int part = 0; part < parts.length - 1; part++) {
      end += parts[part].length + digits;
      long rest = n;
      for (int at = end - 1; at >= end - digits; at--) {
        payload[at] = (byte) ('0' + rest % 10);
        rest /= 10;
      }
    }
    return payload;
  }

  private void prepare(int digits) {
    int length = (parts.length - 1) * digits;
    for (byte[] part : parts) {
      length += part.length;
    }
    prepared = new byte[Math.max(length, size)];
    Arrays.fill(prepared, (byte) '.');
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, prepared, at, part.length);
      at += part.length + digits;
    }
    preparedDigits = digits;
  }

  private static int digits(long n) {
    int digits = 1;
    for (long rest = n; rest >= 10; rest /= 10) {
      digits++;
    }
    return digits;
  }
}
