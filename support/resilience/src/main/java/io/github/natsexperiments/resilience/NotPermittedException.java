package io.github.natsexperiments.resilience;

import java.io.IOException;

/** The user that we are logged in as lacks the permission for a subject. */
public final class NotPermittedException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param error what the server says, such as {@code Permissions Violation for Publish to "foo"}
   * @param cause what jnats made of it; may be null
   */
  public NotPermittedException(String error, Throwable cause) {
    super(error, cause);
  }
}
