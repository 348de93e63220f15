package io.github.natsexperiments.cli;

import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.support.Validator;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The names on the command line: of streams and consumers, and of a stream's settings. */
public final class Names {
  private Names() {}

  /** The name of a stream or a consumer, which becomes a part of subjects. */
  public static final class OfStream implements ITypeConverter<String> {
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

  /** Where messages are kept. */
  public static final class OfStorage implements ITypeConverter<StorageType> {
    @Override
    public StorageType convert(String name) {
      return known(StorageType.get(name), name, "file or memory");
    }
  }

  /** How long messages are kept. */
  public static final class OfRetention implements ITypeConverter<RetentionPolicy> {
    @Override
    public RetentionPolicy convert(String name) {
      return known(RetentionPolicy.get(name), name, "limits, workqueue or interest");
    }
  }

  /** Which message goes when the stream is full. */
  public static final class OfDiscard implements ITypeConverter<DiscardPolicy> {
    @Override
    public DiscardPolicy convert(String name) {
      return known(DiscardPolicy.get(name), name, "old or new");
    }
  }

  private static <T> T known(T value, String name, String all) {
    if (value == null) {
      throw new TypeConversionException("'" + name + "' is not one of " + all);
    }
    return value;
  }
}
