package io.github.natsexperiments.cli;

import picocli.CommandLine.Option;

/** The stream that a subscriber reads. */
public final class StreamToRead {
  @Option(
      names = "--stream",
      paramLabel = "NAME",
      converter = Names.OfStream.class,
      description = "Stream to read. Default: ${DEFAULT-VALUE}.")
  private String name = "sample_stream";

  /** Its name. */
  public String name() {
    return name;
  }
}
