package io.github.natsexperiments.resilience;

import io.nats.client.api.ServerInfo;
import java.io.IOException;
import java.net.URI;
import java.util.List;

/** {@link Connector#connect} found no server that takes us; the reason says why. */
public final class ConnectFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Why there is no connection. */
  public enum Reason {
    /** Nothing answers there: no such host, connection refused, silence. */
    UNREACHABLE,
    /** Something answers there, and it is not a nats-server. */
    NOT_A_NATS_SERVER,
    /** The server has as many connections as it may have. */
    SERVER_FULL,
    /** The server wants TLS, and we do not. */
    TLS_REQUIRED,
    /** We want TLS, and the server has none. */
    TLS_NOT_OFFERED,
    /** An authority that we do not trust has signed the server's certificate. */
    TLS_UNKNOWN_AUTHORITY,
    /** The server's certificate is not valid any more, or not yet. */
    TLS_EXPIRED,
    /** The server's certificate is for another name than the one in the URL. */
    TLS_WRONG_NAME,
    /** The server asks for a certificate of ours, or does not trust the one it gets. */
    TLS_CLIENT_CERTIFICATE,
    /** The server speaks TLS before anything else, and we wait for its first word. */
    TLS_FIRST_EXPECTED,
    /** We speak TLS before anything else, and the server does not. */
    TLS_FIRST_NOT_OFFERED,
    /** The server does not accept our login, or asks for one. */
    LOGIN_REJECTED,
    /** Neither: the options cannot be used, or something broke on our side. */
    FAILED
  }

  private final Reason reason;
  private final transient List<URI> servers;
  private final transient ServerInfo serverInfo;

  ConnectFailedException(
      Reason reason, String message, List<URI> servers, ServerInfo serverInfo, Throwable cause) {
    super(message, cause);
    this.servers = servers;
    this.reason = reason;
    this.serverInfo = serverInfo;
  }

  /** Why there is no connection. */
  public Reason reason() {
    return reason;
  }

  /** The servers that were tried; a URL may carry a password. */
  public List<URI> servers() {
    return servers;
  }

  /** What the server that rejected us said of itself; null when it said nothing. */
  public ServerInfo serverInfo() {
    return serverInfo;
  }
}
