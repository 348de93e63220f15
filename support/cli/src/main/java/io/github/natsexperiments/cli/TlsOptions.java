package io.github.natsexperiments.cli;

import io.nats.client.Options;
import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** TLS as natscli has it: whom to trust, and who we are, in PEM files. */
final class TlsOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--tlsca",
      paramLabel = "FILE",
      description = "TLS: the authorities to trust, in place of the JDK's; environment NATS_CA.")
  private Path authorities;

  @Option(
      names = "--tlscert",
      paramLabel = "FILE",
      description = "TLS: our certificate, for a server that asks for it; environment NATS_CERT.")
  private Path certificate;

  @Option(
      names = "--tlskey",
      paramLabel = "FILE",
      description = "TLS: the private key of our certificate; environment NATS_KEY.")
  private Path key;

  @Option(
      names = "--tlsfirst",
      description = "TLS: for a server that does not say anything before (handshake_first).")
  private boolean first;

  /**
   * Puts TLS into the settings of a connection, if it is asked for, here or by the URL.
   *
   * @throws ParameterException exit code 2 when a file cannot be used
   */
  void applyTo(Options.Builder options, String[] urls) {
    Path authorities = or(this.authorities, "NATS_CA");
    Path certificate = or(this.certificate, "NATS_CERT");
    Path key = or(this.key, "NATS_KEY");
    boolean byUrl = Arrays.stream(urls).anyMatch(url -> url.matches("(?i)(tls|wss)://.*"));
    if (!first && !byUrl && authorities == null && certificate == null && key == null) {
      return;
    }
    if ((certificate == null) != (key == null)) {
      throw new ParameterException(
          spec.commandLine(), "--tlscert and --tlskey belong together: name both files");
    }
    try {
      // The name in the certificate is compared with that of the URL; other modes put an address
      // there.
      options.sslContext(Tls.context(authorities, certificate, key));
      options.hostnameResolveMode(Options.HostnameResolveMode.HappyEyeballs);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    if (first) {
      options.tlsFirst();
    }
  }

  private static Path or(Path option, String variable) {
    return option == null ? LoginOptions.path(variable) : option;
  }
}
