package io.github.natsexperiments.cli;

import java.net.URI;
import java.util.Collection;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Server URLs as they may be shown: a URL can carry a password or a token, a log must not. */
public final class ServerUrls {
  /** Begins with a scheme, wherever it stands; the secret ends with the last {@code @}. */
  private static final Pattern IN_URL = Pattern.compile("(?i)([a-z]+://)[^\\s,]*@");

  /** The same without a scheme, as jnats also takes it: {@code TOKEN@localhost}. */
  private static final Pattern WITHOUT_SCHEME =
      Pattern.compile("(?<![^\\s,\\[({<'\"=])(?![a-zA-Z]+://)[^\\s,\\[({<'\"=]+@");

  private ServerUrls() {}

  /** Any text, such as a message of jnats, with the user part of every URL in it taken out. */
  public static String withoutSecrets(String text) {
    return text == null
        ? ""
        : WITHOUT_SCHEME.matcher(withoutSecretsInUrls(text)).replaceAll("***@");
  }

  /** Like {@link #withoutSecrets}, but leaves alone what has no scheme. */
  static String withoutSecretsInUrls(String text) {
    return text.indexOf('@') < 0 ? text : IN_URL.matcher(text).replaceAll("$1***@");
  }

  /**
   * One URL, or what should have been one: all that stands between the scheme and the last
   * {@code @} is taken out, also blanks and commas.
   */
  static String show(String url) {
    int at = url.lastIndexOf('@');
    int scheme = url.indexOf("://");
    return at < 0
        ? url
        : (scheme < 0 || scheme > at ? "" : url.substring(0, scheme + 3))
            + "***"
            + url.substring(at);
  }

  /** Several URLs, separated by commas, without secrets. */
  public static String show(Collection<URI> urls) {
    return urls.stream().map(url -> show(url.toString())).collect(Collectors.joining(", "));
  }
}
