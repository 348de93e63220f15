package io.github.natsexperiments.jetstream;

import io.nats.client.api.DeliverPolicy;
import java.time.DateTimeException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Where in a stream a new consumer begins.
 *
 * @param policy which kind of position it is
 * @param sequence the first message's number in the stream, or -1
 * @param time when the first message was stored at the earliest, or null
 */
record StartPosition(DeliverPolicy policy, long sequence, ZonedDateTime time) {
  static final StartPosition ALL = new StartPosition(DeliverPolicy.All, -1, null);

  /** Reads {@code all}, {@code new}, {@code last}, {@code 17}, {@code 2026-11-23T10:00:00Z}. */
  static final class Converter implements ITypeConverter<StartPosition> {
    @Override
    public StartPosition convert(String value) {
      switch (value) {
        case "all":
          return ALL;
        case "new":
          return new StartPosition(DeliverPolicy.New, -1, null);
        case "last":
          return new StartPosition(DeliverPolicy.Last, -1, null);
        default:
          break;
      }
      if (value.matches("[1-9]\\d{0,17}")) {
        return new StartPosition(DeliverPolicy.ByStartSequence, Long.parseLong(value), null);
      }
      try {
        ZonedDateTime time = ZonedDateTime.parse(value).withZoneSameInstant(ZoneOffset.UTC);
        if (time.getYear() < 0 || time.getYear() > 9999) {
          throw new DateTimeException("not in JSON"); // where a year has four digits
        }
        return new StartPosition(DeliverPolicy.ByStartTime, -1, time);
      } catch (DateTimeException e) {
        throw new TypeConversionException(
            "'"
                + value
                + "' is not a position; write all, new, last, a sequence from 1, or a time such as"
                + " 2026-11-23T10:00:00Z");
      }
    }
  }
}
