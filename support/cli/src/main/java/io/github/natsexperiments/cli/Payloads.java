package io.github.natsexperiments.cli;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** What a payload looks like on a line of output. NATS itself does not care what the bytes mean. */
public final class Payloads {
  private static final int SHOWN_BINARY = 32;

  private Payloads() {}

  /**
   * The payload as text when it is UTF-8, with control characters escaped so that nobody else's
   * bytes can move the cursor or break the line; otherwise its size and the beginning in hex.
   *
   * @param payload the message's data, may be empty
   */
  public static String show(byte[] payload) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(payload)).toString();
    } catch (CharacterCodingException e) {
      int shown = Math.min(payload.length, SHOWN_BINARY);
      String hex = HexFormat.of().formatHex(payload, 0, shown);
      return "(binary, " + payload.length + " bytes) " + hex + (shown < payload.length ? "…" : "");
    }
    return show(text);
  }

  /** Text with its control characters escaped. */
  public static String show(String text) {
    return text.chars().anyMatch(Payloads::isUnsafe) ? escape(text) : text;
  }

  private static boolean isUnsafe(int c) {
    // Control characters, and the marks that turn the direction of the text around.
    return (Character.isISOControl(c) && c != '\t')
        || c == 0x2028
        || c == 0x2029
        || (c >= 0x202A && c <= 0x202E)
        || (c >= 0x2066 && c <= 0x2069);
  }

  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isUnsafe(c)) {
        escaped.append(c);
      } else if (c == '\n') {
        escaped.append("\\n");
      } else if (c == '\r') {
        escaped.append("\\r");
      } else {
        escaped.append("\\u").append(HexFormat.of().toHexDigits(c));
      }
    }
    return escaped.toString();
  }
}
