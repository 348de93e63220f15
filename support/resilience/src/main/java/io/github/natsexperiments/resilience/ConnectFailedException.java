package io.github.natsexperiments.resilience;

import io.nats.client.api.ServerInfo;
import java.io.IOException;

/** {@link Connector#connect} found no server that takes us; the reason says why. */
public final class ConnectFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Why there is no connection. */
  public enum Reason {
    /** Nothing answers there: no such host, connection refused, silence. */
    UNREACHABLE,
    /** Something answers there, and it is not a nats-server. */
    NOT_A_NATS_SERVER,
    /** The server does not accept our login, or asks for one. */
    LOGIN_REJECTED,
    /** Neither: the options cannot be used, or something broke on our side. */
    FAILED
  }

  private final Reason reason;
  private final transient ServerInfo serverInfo;

  ConnectFailedException(Reason reason, String message, ServerInfo serverInfo, Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.serverInfo = serverInfo;
  }

  /** Why there is no connection. */
  public Reason reason() {
    return reason;
  }

  /** What the server that rejected us said of itself; null when it said nothing. */
  public ServerInfo serverInfo() {
    return serverInfo;
  }
}
