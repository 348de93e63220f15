package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Stop;
import io.nats.client.NKey;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Issues credentials, as the tool {@code nsc} does: an operator, who stands for the whole system
 * and signs accounts; an account, which has its own subjects and streams and signs users; and
 * users, each with the right to do this and nothing else. The server gets the JWTs of operator and
 * account, and no secret: it can check a signature, and cannot make one.
 *
 * <p>{@code java -jar 02-creds-auth/target/issuer.jar}
 *
 * <p>Watch for this: the server need not know of a new user. A revocation it has to read.
 *
 * @see <a href="https://docs.nats.io/learn/security/decentralized-auth">NATS documentation:
 *     decentralized JWT authentication</a>
 */
@Command
public final class CredsIssuer implements Callable<Integer> {
  @Mixin private CredsIssuerOptions options;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CredsIssuer(), args));
  }

  @Override
  public Integer call() throws Exception {
    options.check();
    try (Stop stop = Stop.onSignals()) { // Ctrl-C leaves no half of a kit, and no key elsewhere
      if (options.show != null) {
        JwtText.print(options.show);
      } else if (options.newUser == null && options.renew == null && options.revoke == null) {
        issueKit(options.kit());
      } else {
        try (Users users = new Users(options.kit())) {
          change(users);
        }
      }
    } catch (IOException e) {
      throw Kit.failure(options.show == null ? options.kit() : options.show, e);
    }
    return ExitCode.DONE;
  }

  private void issueKit(Path kit) throws Exception {
    Kit.checkPlace(kit, options.force);
    NKey operator = NKey.createOperator(null);
    NKey system = NKey.createAccount(null);
    NKey account = NKey.createAccount(null);
    String operatorJwt = Jwts.operator(operator, system);

    Map<String, String> files = new TreeMap<>();
    // Only the issuer needs these. With them, anybody can create accounts and users, or revoke
    // them.
    files.put(Users.OPERATOR_SEED, Jwts.seed(operator));
    files.put(Users.SYSTEM_SEED, Jwts.seed(system));
    files.put(Users.ACCOUNT_SEED, Jwts.seed(account));
    // The server needs these, and no secret: it can check a signature, not make one.
    files.put(Kit.OPERATOR_JWT, operatorJwt + "\n");
    String conf =
        Kit.serverConf(
            Map.of(
                "OPERATOR_JWT", operatorJwt,
                "SYSTEM_ACCOUNT", Jwts.publicKey(system),
                "SYSTEM_ACCOUNT_JWT", Jwts.systemAccount(operator, system),
                "ACCOUNT", Jwts.publicKey(account),
                "ACCOUNT_JWT", Jwts.account(operator, account, Map.of())));
    if (options.tls) {
      files.putAll(TlsKit.files());
      conf += TlsKit.serverConf(kit);
    }
    files.put(Kit.SERVER_CONF, conf);
    // Each program needs one of these.
    files.put("publisher.creds", newCreds(account, "publisher", List.of("foo"), List.of()));
    // An inbox of its own: with _INBOX.> it could read the replies to everybody else.
    List<String> inbox = List.of("foo", "_INBOX.subscriber.>");
    files.put("subscriber.creds", newCreds(account, "subscriber", List.of(), inbox));
    Kit.create(kit, files);
    say(
        "Issued credentials for the users \"publisher\" and \"subscriber\" in "
            + kit.toAbsolutePath());
    say("Start a server that accepts them: nats-server -c " + kit.resolve(Kit.SERVER_CONF));
  }

  private String newCreds(NKey account, String name, List<String> pub, List<String> sub)
      throws IOException, GeneralSecurityException {
    return Jwts.creds(account, NKey.createUser(null), name, options.expires, pub, sub);
  }

  private void change(Users users) throws Failure, IOException, GeneralSecurityException {
    if (options.newUser != null) {
      say(
          "Issued "
              + users.add(options.newUser, options.expires, options.allowPub, options.allowSub));
    } else if (options.renew != null) {
      say("Renewed " + users.renew(options.renew, options.expires));
    } else {
      say("Revoked user \"" + options.revoke + "\" in " + users.revoke(options.revoke));
      say(
          "Now the server has to read it: lab server does, others with nats-server --signal reload");
    }
  }

  private static void say(String message) {
    LoggerFactory.getLogger("nats").info(message);
  }
}
