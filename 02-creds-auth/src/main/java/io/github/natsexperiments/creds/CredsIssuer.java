package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.HelpOptions;
import io.github.natsexperiments.cli.Subjects;
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
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Issues credentials, as the tool {@code nsc} does: an operator, who stands for the whole system
 * and signs accounts; an account, which has its own subjects and streams and signs users; and
 * users, each with the right to do this and nothing else. The server gets the JWTs of operator and
 * account, and no secret: it can check a signature, and cannot make one.
 *
 * <p>{@code java -jar 02-creds-auth/target/issuer.jar}
 *
 * <p>Watch for this: adding a user needs no word to the server. Revoking one does.
 *
 * @see <a
 *     href="https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt">NATS
 *     documentation: decentralized JWT authentication</a>
 */
@Command(
    name = "issuer.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Issues credentials: an operator, an account, two users, and a server.conf.",
    footer = {
      "",
      "Examples:",
      "  java -jar issuer.jar                                    a new kit",
      "  java -jar issuer.jar --user guest --allow-sub 'foo,bar.>' --expires 1h",
      "  java -jar issuer.jar --renew guest --expires 24h",
      "  java -jar issuer.jar --revoke guest",
      "  java -jar issuer.jar --show 02-creds-auth/creds/guest.creds"
    })
public final class CredsIssuer implements Callable<Integer> {
  private static final String OPERATOR_SEED = "keys/operator.seed";
  private static final String SYSTEM_SEED = "keys/system.seed";
  private static final String ACCOUNT_SEED = "keys/account.seed";

  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the kit. Default: ${DEFAULT-VALUE}.")
  private Path kit = Path.of("02-creds-auth", "creds");

  @Option(
      names = "--expires",
      paramLabel = "D",
      converter = DurationConverter.class,
      description = "When the users' credentials end: 90s, 24h, 30d from now. Default: never.")
  private Duration expires;

  @Option(names = "--force", description = "Replace the kit that is there, keys and all.")
  private boolean force;

  @Option(names = "--user", paramLabel = "NAME", description = "Add a user to the kit.")
  private String newUser;

  @Option(
      names = "--allow-pub",
      paramLabel = "SUBJECT",
      split = ",",
      converter = Subjects.ForSubscribing.class,
      description = "What the new user may publish to, wildcards too. Default: nothing.")
  private List<String> allowPub = List.of();

  @Option(
      names = "--allow-sub",
      paramLabel = "SUBJECT",
      split = ",",
      converter = Subjects.ForSubscribing.class,
      description = "What the new user may subscribe to, wildcards too. Default: nothing.")
  private List<String> allowSub = List.of();

  @Option(
      names = "--renew",
      paramLabel = "NAME",
      description = "Write a user's file anew: same key, same rights, another end.")
  private String renew;

  @Option(
      names = "--revoke",
      paramLabel = "NAME",
      description = "Declare a user's credentials void, in server.conf.")
  private String revoke;

  @Option(
      names = "--show",
      paramLabel = "FILE",
      description = "Print what the JWTs in a file say; never a seed.")
  private Path show;

  @Mixin private HelpOptions help;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new CredsIssuer(), args));
  }

  @Override
  public Integer call() throws Exception {
    checkUsage();
    try {
      if (show != null) {
        show(show);
      } else if (newUser != null) {
        addUser(newUser);
      } else if (renew != null) {
        renew(renew);
      } else if (revoke != null) {
        revoke(revoke);
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

  private void checkUsage() {
    long tasks = Stream.of(newUser, renew, revoke, show).filter(Objects::nonNull).count();
    if (tasks > 1) {
      throw usage("--user, --renew, --revoke and --show: one at a time");
    }
    if (force && tasks > 0) {
      throw usage("--force is for a whole kit: leave out the other option, or --force");
    }
    if (newUser == null && !(allowPub.isEmpty() && allowSub.isEmpty())) {
      throw usage("--allow-pub and --allow-sub say what a new user may do: name it with --user");
    }
    if (expires != null && (revoke != null || show != null || expires.toSeconds() < 1)) {
      throw usage("--expires is for credentials that are issued, and 1s or more");
    }
  }

  private void issueKit() throws Failure, IOException, GeneralSecurityException {
    if (Kit.isTaken(kit)) {
      if (!force) {
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
    // Only the issuer needs these. Who has them can make accounts and users, or void them.
    files.put(OPERATOR_SEED, Jwts.seed(operator));
    files.put(SYSTEM_SEED, Jwts.seed(system));
    files.put(ACCOUNT_SEED, Jwts.seed(account));
    // The server needs these, and no secret: it can check a signature, not make one.
    files.put(Kit.OPERATOR_JWT, operatorJwt + "\n");
    files.put(
        Kit.SERVER_CONF,
        serverConf(
            Map.of(
                "OPERATOR_JWT", operatorJwt,
                "SYSTEM_ACCOUNT", Jwts.publicKey(system),
                "SYSTEM_ACCOUNT_JWT", Jwts.systemAccount(operator, system),
                "ACCOUNT", Jwts.publicKey(account),
                "ACCOUNT_JWT", Jwts.account(operator, account, Map.of()))));
    // Each program needs one of these.
    files.put("publisher.creds", newCreds(account, "publisher", List.of("foo"), List.of()));
    // An inbox of its own: with _INBOX.> it could read the replies to everybody else.
    List<String> inbox = List.of("foo", "_INBOX.subscriber.>");
    files.put("subscriber.creds", newCreds(account, "subscriber", List.of(), inbox));
    Kit.create(kit, files);
    say("Issued a kit with the users \"publisher\" and \"subscriber\" into " + kit);
    say("A server that knows them: nats-server -c " + kit.resolve(Kit.SERVER_CONF));
  }

  private String newCreds(NKey account, String name, List<String> pub, List<String> sub)
      throws IOException, GeneralSecurityException {
    return Jwts.creds(account, NKey.createUser(null), name, expires, pub, sub);
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

  /** The server does not need to hear of a new user: its JWT has the account's signature. */
  private void addUser(String name) throws Failure, IOException, GeneralSecurityException {
    Path file = file(name);
    NKey account = key(ACCOUNT_SEED);
    if (Files.exists(file) && !account(account).revokes(CredsFile.parse(file).user())) {
      throw failed(
          file + " is there already: --renew extends it; to replace it, --revoke the user first");
    }
    Kit.write(file, newCreds(account, name, allowPub, allowSub));
    say("Issued " + file + " to user " + CredsFile.parse(file).user().inWords());
  }

  private void renew(String name) throws Failure, IOException, GeneralSecurityException {
    Path file = file(name);
    NKey account = key(ACCOUNT_SEED);
    CredsFile old = CredsFile.parse(file);
    if (account(account).revokes(old.user())) {
      throw failed("User \"" + name + "\" is revoked: --user makes a new one, with a new key");
    }
    NKey user = NKey.fromSeed(CredsFile.blocks(file).get(1).toCharArray());
    List<String> pub = old.user().list("pub", "allow");
    List<String> sub = old.user().list("sub", "allow");
    Kit.write(file, Jwts.creds(account, user, name, expires, pub, sub));
    say("Renewed " + file + " of user " + CredsFile.parse(file).user().inWords());
  }

  /** The operator signs the account anew, with the user in its list of revocations. */
  private void revoke(String name) throws Failure, IOException, GeneralSecurityException {
    NKey key = key(ACCOUNT_SEED);
    Claims account = account(key);
    Map<String, Long> revocations = account.revocations();
    String user = CredsFile.parse(file(name)).user().subject();
    revocations.put(user, JwtUtils.currentTimeSeconds());
    String jwt = Jwts.account(key(OPERATOR_SEED), key, revocations);
    Path conf = kit.resolve(Kit.SERVER_CONF);
    Kit.write(conf, Files.readString(conf).replace(account.jwt(), jwt));
    say("Revoked user \"" + name + "\" in " + conf);
    say("Now the server has to read it: lab server does, others with nats-server --signal reload");
  }

  private static void show(Path file) throws Failure, IOException {
    List<Claims> all = Kit.claims(file);
    if (all.isEmpty()) {
      throw failed("There is no JWT in " + file);
    }
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    all.forEach(claims -> out.println(claims.describe()));
  }

  private Claims account(NKey key) throws Failure, IOException, GeneralSecurityException {
    Path conf = kit.resolve(Kit.SERVER_CONF);
    String wanted = Jwts.publicKey(key);
    return Kit.claims(conf).stream()
        .filter(claims -> claims.subject().equals(wanted))
        .findFirst()
        .orElseThrow(() -> failed("Account " + wanted + " is not in " + conf));
  }

  private NKey key(String file) throws IOException {
    return NKey.fromSeed(Files.readString(kit.resolve(file)).strip().toCharArray());
  }

  private Path file(String user) {
    if (!user.matches("[\\w-]+")) {
      throw usage("A user's name is made of letters, digits, - and _: not \"" + user + "\"");
    }
    return kit.resolve(user + ".creds");
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private static Failure failed(String message) {
    return new Failure(ExitCode.FAILED, message);
  }

  private static void say(String message) {
    LoggerFactory.getLogger("nats").info(message);
  }
}
