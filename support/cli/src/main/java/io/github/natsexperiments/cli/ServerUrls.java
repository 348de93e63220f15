package io.github.natsexperiments.cli;

import java.net.URI;
import java.util.Collection;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/** Server URLs as they may be shown: a URL can carry a password or a token, a log must not. */
public final class ServerUrls {
  /** What stands before the last {@code @} of a URL; the scheme, if any, is kept. */
  private static final Pattern USER = Pattern.compile("(?<![^\\s,\\[])([a-z]+://)?[^\\s,\\[]*@");

  private ServerUrls() {}

  /** Any text with the user part of every URL in it taken out. */
  public static String withoutSecrets(String text) {
    return text == null ? "" : USER.matcher(text).replaceAll("$1***@");
  }

  /** Several URLs, separated by commas, without secrets. */
  public static String show(Collection<URI> urls) {
    StringJoiner shown = new StringJoiner(", ");
    for (URI url : urls) {
      shown.add(withoutSecrets(url.toString()));
    }
    return shown.toString();
  }
}
