package io.github.natsexperiments.cli;

import java.net.URI;
import java.util.Collection;
import java.util.StringJoiner;

/** Server URLs as they may be shown: a URL can carry a password or a token, a log must not. */
public final class ServerUrls {
  private ServerUrls() {}

  /** Any text with the user part of every URL in it taken out. */
  public static String withoutSecrets(String text) {
    return text == null ? "" : text.replaceAll("(?<=^|//|[\\s,\\[])[^\\s,/\\[]*@", "***@");
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
