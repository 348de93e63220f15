package io.github.natsexperiments.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** The check that a number on the command line makes sense. */
public final class Numbers {
  private Numbers() {}

  static long whole(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      boolean large = text.matches("[+-]?\\d+");
      throw new TypeConversionException(
          "'" + text + (large ? "' is too large" : "' is not a whole number"));
    }
  }

  static int wholeInt(String text) {
    long value = whole(text);
    if (value != (int) value) {
      throw new TypeConversionException("'" + text + "' is too large");
    }
    return (int) value;
  }

  /**
   * Checks a number.
   *
   * @param option its name, for the message
   * @return the value, which is 1 or more
   * @throws ParameterException when it is less
   */
  public static long positive(CommandSpec spec, String option, long value) {
    if (value < 1) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value '" + value + "' for " + option + ": it must be 1 or more");
    }
    return value;
  }

  /** The same for a value that is at most the largest. */
  public static long upTo(long largest, CommandSpec spec, String option, long value) {
    if (value < 1 || value > largest) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value '" + value + "' for " + option + ": it must be 1 to " + largest);
    }
    return value;
  }
}
