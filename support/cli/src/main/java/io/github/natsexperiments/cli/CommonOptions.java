package io.github.natsexperiments.cli;

import io.nats.client.Options;
import io.nats.client.support.NatsUri;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that every program has. */
public final class CommonOptions {
  private static final Set<String> SCHEMES = Set.of("nats", "tls", "opentls", "ws", "wss");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private String[] urls;

  @Option(
      names = {"-q", "--quiet"},
      description = "No line per message; a progress bar on a terminal, and the summary.")
  private boolean quiet;

  @Option(
      names = "--wait",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "No server yet: retry for that long, 30s for example. Default: fail at once.")
  private Duration wait = Duration.ZERO;

  @Mixin private LoginOptions login;
  @Mixin private TlsOptions tls;
  @Mixin private HelpOptions help;

  @Option(
      names = {"-s", "--server"},
      paramLabel = "URL[,URL...]",
      description = "Server to connect to; environment NATS_URL. Default: nats://localhost:4222.")
  private void setServer(String list) {
    // A comma at the end is easily left there, and harmless.
    urls = list.strip().replaceFirst("(?<=[^,\\s])\\s*,$", "").split(",", -1);
    for (int i = 0; i < urls.length; i++) {
      urls[i] = urls[i].strip();
      String wrong = whatIsWrong(urls[i]);
      if (wrong != null) {
        throw new ParameterException(
            spec.commandLine(),
            "Invalid server URL '"
                + (list.contains("@") ? ServerUrls.show(list) : urls[i])
                + "' in --server or NATS_URL: "
                + wrong
                + "; write nats://HOST:PORT");
      }
    }
  }

  private String[] urls() {
    if (urls == null) {
      // Not as the option's default value: picocli would replace ${...} and $$ in it.
      String named = Arguments.environment("NATS_URL");
      setServer(named == null ? "nats://localhost:4222" : named);
    }
    return urls;
  }

  private static String whatIsWrong(String url) {
    if (url.isEmpty()) {
      // jnats would silently take localhost.
      return "it is empty";
    }
    try {
      NatsUri uri = new NatsUri(url);
      if (!SCHEMES.contains(uri.getScheme())) {
        return "the scheme is not one of nats, tls, ws, wss";
      }
      if (uri.getHost() == null || uri.getHost().isEmpty()) {
        return "it names no host";
      }
      return uri.getPort() < 1 || uri.getPort() > 65535 ? "the port is not in 1–65535" : null;
    } catch (URISyntaxException | RuntimeException e) { // jnats' own faults among them
      return "it is malformed";
    }
  }

  /** The servers to connect to, checked, and without a token that a URL may carry. */
  public String[] servers() {
    return LoginOptions.withoutTokens(urls());
  }

  /**
   * What to log in with: {@code --creds}, {@code --nkey}, {@code --user}, {@code --token-file}, the
   * URL, or their environment variables.
   *
   * @throws Failure exit code 4 when it is empty, cannot be read or has expired
   * @throws ParameterException when there are several
   */
  public Login login() throws Failure {
    return login.login(urls());
  }

  /**
   * Puts a login and TLS into the settings of a connection.
   *
   * @throws Failure exit code 4 when nobody can log in with what the options name
   * @throws ParameterException when a file for TLS cannot be used
   */
  public Options.Builder secure(Options.Builder settings, Login login) throws Failure {
    tls.applyTo(settings, urls());
    return login.applyTo(settings);
  }

  /** How long to retry while there is no server; zero for not at all. */
  public Duration waitForServer() {
    return wait;
  }

  /** Standard output and standard error of this run. */
  public Console console(Stop stop) {
    return new Console(quiet, stop);
  }

  /**
   * The counter of a run, with a progress bar when the run is quiet and on a terminal.
   *
   * @param verb begins the summary line: {@code Published}, {@code Received}
   * @param count messages at the end, or {@link Long#MAX_VALUE} when nobody knows
   * @param gaps whether gaps in the messages' numbers mean loss; they do not for a member of a
   *     queue group, which gets only its share
   */
  public Tally tally(String verb, long count, boolean gaps) {
    Tally tally = new Tally(verb, gaps);
    return quiet && Terminal.is(Terminal.ERR) ? tally.withBar(count) : tally;
  }

  /**
   * Starts a run.
   *
   * @param verb begins the summary line: {@code Published}, {@code Received}
   * @param count messages at the end, or {@link Long#MAX_VALUE} when nobody knows
   * @param gaps whether gaps in the messages' numbers mean loss
   */
  public Run run(String verb, long count, boolean gaps) {
    return new Run(this, verb, count, gaps);
  }
}
