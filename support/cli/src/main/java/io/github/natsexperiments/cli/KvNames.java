package io.github.natsexperiments.cli;

import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Names of buckets and keys on the command line. A key is the end of a subject, so {@code a.} and
 * {@code a..b} cannot be stored, but jnats lets them pass: the put waits for its timeout, or fails
 * as if nobody kept the bucket. So they are checked here, once, before anything is sent.
 *
 * @see <a href="https://docs.nats.io/learn/key-value/your-first-bucket">NATS documentation:
 *     Key/Value store</a>
 */
public final class KvNames {
  /** The longest key, in bytes. */
  public static final int LONGEST_KEY = Subjects.LONGEST;

  private static final String TOKEN = "[-/_=a-zA-Z0-9]+";
  private static final Pattern BUCKET = Pattern.compile("[-_a-zA-Z0-9]+");
  private static final Pattern KEY = Pattern.compile(TOKEN + "(\\." + TOKEN + ")*");
  private static final Pattern FILTER =
      Pattern.compile(">|(" + TOKEN + "|\\*)(\\.(" + TOKEN + "|\\*))*(\\.>)?");

  private KvNames() {}

  /** Whether a bucket can have this key, and a line of the protocol, too. */
  public static boolean isKey(String key) {
    return key.length() <= LONGEST_KEY && KEY.matcher(key).matches();
  }

  private static String check(Pattern form, String name, String hint) {
    if (!form.matcher(name).matches()) {
      throw new TypeConversionException("'" + name + "': " + hint);
    }
    return Subjects.fits(name);
  }

  /** The name of a bucket. */
  public static final class Bucket implements ITypeConverter<String> {
    @Override
    public String convert(String name) {
      return check(BUCKET, name, "a bucket's name has letters, digits, - and _ only");
    }
  }

  /** A key to write or to read. */
  public static final class Key implements ITypeConverter<String> {
    @Override
    public String convert(String key) {
      return check(
          KEY, key, "a key has letters, digits, - / _ = and single dots between them only");
    }
  }

  /** A key, or a pattern: {@code *} stands for one token, {@code >} for all that follow. */
  public static final class KeyFilter implements ITypeConverter<String> {
    @Override
    public String convert(String filter) {
      return check(
          FILTER,
          filter,
          "a key has letters, digits, - / _ = and single dots between them only, a pattern also * and >");
    }
  }
}
