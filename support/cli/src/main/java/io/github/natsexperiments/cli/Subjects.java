package io.github.natsexperiments.cli;

import io.nats.client.support.Validator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Subjects on the command line. jnats lets {@code .a} and {@code a..b} pass and the server drops
 * them without a word, so they are checked here, once, before anything is sent.
 *
 * @see <a href="https://docs.nats.io/learn/core-nats/subjects-and-wildcards">NATS documentation:
 *     subjects</a>
 */
public final class Subjects {
  static final int LONGEST = 3500;

  private Subjects() {}

  /** Whether every subject that the second pattern stands for is one of the first, too. */
  public static boolean covers(String pattern, String other) {
    return match(pattern, other, false);
  }

  /** Whether one of several patterns, such as a stream's subjects, covers a subject. */
  public static boolean cover(List<String> patterns, String subject) {
    return patterns.stream().anyMatch(pattern -> covers(pattern, subject));
  }

  /** Whether some subject is one of both patterns. */
  public static boolean overlap(String one, String other) {
    return match(one, other, true);
  }

  private static boolean match(String one, String other, boolean bothWays) {
    String[] a = one.split("\\.");
    String[] b = other.split("\\.");
    for (int i = 0; i < a.length && i < b.length; i++) {
      if (a[i].equals(">") || bothWays && b[i].equals(">")) {
        return true;
      }
      boolean same = a[i].equals(b[i]) || bothWays && b[i].equals("*");
      if (!same && (!a[i].equals("*") || b[i].equals(">"))) {
        return false;
      }
    }
    return a.length == b.length;
  }

  /**
   * Refuses what does not fit into a line of the protocol, 4096 bytes for jnats and by default for
   * the server, together with what else is in the line.
   */
  static String fits(String name) {
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST) {
      throw new TypeConversionException(
          "'%s…' is too long: %d bytes, at most %d"
              .formatted(name.substring(0, 20), length, LONGEST));
    }
    return name;
  }

  private static String check(String subject) {
    fits(subject);
    try {
      return Validator.validateSubjectStrict(subject, true);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException("'" + subject + "': " + e.getMessage());
    }
  }

  /** A subject to publish to: no wildcards. */
  public static final class ForPublishing implements ITypeConverter<String> {
    @Override
    public String convert(String subject) {
      for (String token : check(subject).split("\\.")) {
        if (token.equals("*") || token.equals(">")) {
          throw new TypeConversionException(
              "'" + subject + "': a message goes to one subject; wildcards are for subscribers");
        }
      }
      return subject;
    }
  }

  /** A subject to subscribe to: {@code *} stands for one token, {@code >} for all that follow. */
  public static final class ForSubscribing implements ITypeConverter<String> {
    @Override
    public String convert(String subject) {
      return check(subject);
    }
  }
}
