package io.github.natsexperiments.callbacks;

import io.nats.client.support.Validator;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Values on the command line, checked before anything is sent. */
final class Checked {
  private Checked() {}

  /** The name of a stream or a consumer, which becomes a part of subjects. */
  static final class Name implements ITypeConverter<String> {
    @Override
    public String convert(String name) {
      try {
        return Validator.validateStreamName(name, true);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(
            "'" + name + "' is not a name: leave out spaces, dots, slashes, * and >");
      }
    }
  }

  /** A number from 1 on. */
  static class Positive implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      if (!text.matches("0*[1-9]\\d{0,8}")) {
        throw new TypeConversionException("'" + text + "' is not a number from 1 on");
      }
      return Integer.valueOf(text);
    }
  }

  /** The size of an outbox. */
  static final class Window extends Positive {
    /** The server drops what overruns its ingest queue; more than this was not faster either. */
    static final int LARGEST = 1000;

    @Override
    public Integer convert(String text) {
      int window = super.convert(text);
      if (window > LARGEST) {
        throw new TypeConversionException("'" + text + "' is more than " + LARGEST);
      }
      return window;
    }
  }
}
