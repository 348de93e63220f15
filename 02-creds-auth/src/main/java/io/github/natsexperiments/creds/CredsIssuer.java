package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.Creds;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Jwt;
import io.nats.client.NKey;
import io.nats.client.support.JwtUtils;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
  private static final String OPERATOR_SEED = "keys/operator.seed";
  private static final String SYSTEM_SEED = "keys/system.seed";
  private static final String ACCOUNT_SEED = "keys/account.seed";

  @Mixin private CredsIssuerOptions options;
  private Path kit;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CredsIssuer(), args));
  }

  @Override
  public Integer call() throws Exception {
    options.check();
    try {
      if (options.show != null) {
        show(options.show);
        return ExitCode.DONE;
      }
      kit = options.kit();
      if (options.newUser != null) {
        addUser(options.newUser);
      } else if (options.renew != null) {
        renew(options.renew);
      } else if (options.revoke != null) {
        revoke(options.revoke);
      } else {
        issueKit();
      }
    } catch (NoSuchFileException e) {
      throw new Failure(ExitCode.FAILED, e.getFile() + " does not exist", e);
    } catch (FileSystemException e) {
      String why = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
      throw new Failure(ExitCode.FAILED, "Cannot use " + e.getFile() + ": " + why, e);
    }
    return ExitCode.DONE;
  }

  private void issueKit() throws Failure, IOException, GeneralSecurityException {
    if (Kit.isTaken(kit)) {
      if (!options.force) {
        throw failed(kit + " is there already: --force replaces it, keys and all");
      }
      Optional<Path> foreign = Kit.foreign(kit);
      if (foreign.isPresent()) {
        throw failed(foreign.get() + " is not of a kit: remove it yourself, or name another --out");
      }
    }
    NKey operator = NKey.createOperator(null);
    NKey system = NKey.createAccount(null);
    NKey account = NKey.createAccount(null);
    String operatorJwt = Jwts.operator(operator, system);

    Map<String, String> files = new TreeMap<>();
    // Only the issuer needs these. With them, anybody can create accounts and users, or revoke
    // them.
    files.put(OPERATOR_SEED, Jwts.seed(operator));
    files.put(SYSTEM_SEED, Jwts.seed(system));
    files.put(ACCOUNT_SEED, Jwts.seed(account));
    // The server needs these, and no secret: it can check a signature, not make one.
    files.put(Kit.OPERATOR_JWT, operatorJwt + "\n");
    String conf =
        serverConf(
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

  /** The configuration stands in src/main/resources, with these names in place of the values. */
  private static String serverConf(Map<String, String> values) throws IOException {
    try (InputStream in = CredsIssuer.class.getResourceAsStream("/server.conf")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (Map.Entry<String, String> value : values.entrySet()) {
        text = text.replace("{" + value.getKey() + "}", value.getValue());
      }
      return text;
    }
  }

  /** The server need not know of a new user: its JWT has the account's signature. */
  private void addUser(String name) throws Failure, IOException, GeneralSecurityException {
    Path file = file(name);
    NKey account = key(ACCOUNT_SEED);
    if (Files.exists(file) && !account(account).revokes(Creds.parse(file).user())) {
      throw failed(
          file + " is there already: --renew extends it; to replace it, --revoke the user first");
    }
    Kit.write(file, newCreds(account, name, options.allowPub, options.allowSub));
    say("Issued " + file + " to user " + Creds.parse(file).user().inWords());
  }

  private void renew(String name) throws Failure, IOException, GeneralSecurityException {
    Path file = file(name);
    NKey account = key(ACCOUNT_SEED);
    Creds old = Creds.parse(file);
    if (account(account).revokes(old.user())) {
      throw failed("User \"" + name + "\" is revoked: --user makes a new one, with a new key");
    }
    NKey user = NKey.fromSeed(Creds.seed(file).toCharArray());
    List<String> pub = Jwts.allowed(old.user(), "pub");
    List<String> sub = Jwts.allowed(old.user(), "sub");
    Kit.write(file, Jwts.creds(account, user, name, options.expires, pub, sub));
    say("Renewed " + file + " of user " + Creds.parse(file).user().inWords());
  }

  /** The operator signs the account again, with the user in its list of revocations. */
  private void revoke(String name) throws Failure, IOException, GeneralSecurityException {
    NKey key = key(ACCOUNT_SEED);
    Jwt account = account(key);
    Map<String, Long> revocations = account.revocations();
    String user = Creds.parse(file(name)).user().subject();
    revocations.put(user, JwtUtils.currentTimeSeconds());
    String jwt = Jwts.account(key(OPERATOR_SEED), key, revocations);
    Path conf = kit.resolve(Kit.SERVER_CONF);
    Kit.write(conf, Files.readString(conf).replace(account.text(), jwt));
    say("Revoked user \"" + name + "\" in " + conf);
    say("Now the server has to read it: lab server does, others with nats-server --signal reload");
  }

  private static void show(Path file) throws Failure, IOException {
    List<Jwt> all = Files.isDirectory(file) ? List.of() : Jwt.in(file);
    if (all.isEmpty()) {
      throw failed("There is no JWT in " + file);
    }
    // In UTF-8, whatever the locale; Cli checks at the end whether all could be written.
    System.setOut(
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
    all.forEach(claims -> System.out.println(JwtText.of(claims)));
  }

  private Jwt account(NKey key) throws Failure, IOException, GeneralSecurityException {
    Path conf = kit.resolve(Kit.SERVER_CONF);
    String wanted = Jwts.publicKey(key);
    return Jwt.in(conf).stream()
        .filter(claims -> claims.subject().equals(wanted))
        .findFirst()
        .orElseThrow(() -> failed("Account " + wanted + " is not in " + conf));
  }

  private NKey key(String file) throws IOException {
    return NKey.fromSeed(Files.readString(kit.resolve(file)).strip().toCharArray());
  }

  private Path file(String user) {
    return kit.resolve(user + ".creds");
  }

  private static Failure failed(String message) {
    return new Failure(ExitCode.FAILED, message);
  }

  private static void say(String message) {
    LoggerFactory.getLogger("nats").info(message);
  }
}
