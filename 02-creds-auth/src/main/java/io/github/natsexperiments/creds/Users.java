package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.Creds;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Jwt;
import io.nats.client.NKey;
import io.nats.client.support.JwtUtils;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The users of a kit that is there. The server need not know of a new one: its JWT has the
 * account's signature. A revocation it has to read. Until it is closed, no other process can change
 * the users of the kit.
 */
final class Users implements Closeable {
  static final String OPERATOR_SEED = "keys/operator.seed";
  static final String SYSTEM_SEED = "keys/system.seed";
  static final String ACCOUNT_SEED = "keys/account.seed";

  private final Path kit;
  private final FileChannel lock;

  Users(Path kit) throws IOException {
    this.kit = kit;
    // The one file of a kit that nothing here reads or replaces, which would end the lock.
    lock = FileChannel.open(kit.resolve(Kit.OPERATOR_JWT), StandardOpenOption.WRITE);
    lock.lock();
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }

  /** Writes the file of a new user, and returns what it is. */
  String add(String name, Duration expires, List<String> pub, List<String> sub)
      throws Failure, IOException, GeneralSecurityException {
    Path file = file(name);
    NKey account = key(ACCOUNT_SEED, NKey.Type.ACCOUNT);
    if (Files.exists(file) && !account(account).revokes(Creds.parse(file).user())) {
      throw failed(
          file + " is there already: --renew extends it; to replace it, --revoke the user first");
    }
    Kit.write(file, Jwts.creds(account, NKey.createUser(null), name, expires, pub, sub));
    return file + " to user " + Creds.parse(file).user().inWords();
  }

  /** Writes a user's file again, with the same key and another end. */
  String renew(String name, Duration expires)
      throws Failure, IOException, GeneralSecurityException {
    Path file = file(name);
    NKey account = key(ACCOUNT_SEED, NKey.Type.ACCOUNT);
    Creds old = Creds.parse(file);
    if (account(account).revokes(old.user())) {
      throw failed("User \"" + name + "\" is revoked: --user makes a new one, with a new key");
    }
    NKey user = NKey.fromSeed(Creds.seed(file).toCharArray());
    List<String> pub = Jwts.allowed(old.user(), "pub");
    List<String> sub = Jwts.allowed(old.user(), "sub");
    Kit.write(file, Jwts.creds(account, user, name, expires, pub, sub));
    return file + " of user " + Creds.parse(file).user().inWords();
  }

  /**
   * The operator signs the account again, with the user in its list of revocations.
   *
   * @return the file that the server has to read
   */
  Path revoke(String name) throws Failure, IOException, GeneralSecurityException {
    NKey key = key(ACCOUNT_SEED, NKey.Type.ACCOUNT);
    Jwt account = account(key);
    Map<String, Long> revocations = account.revocations();
    String user = Creds.parse(file(name)).user().subject();
    revocations.put(user, JwtUtils.currentTimeSeconds());
    String jwt = Jwts.account(key(OPERATOR_SEED, NKey.Type.OPERATOR), key, revocations);
    Path conf = kit.resolve(Kit.SERVER_CONF);
    Kit.write(conf, Files.readString(conf).replace(account.text(), jwt));
    return conf;
  }

  private Jwt account(NKey key) throws Failure, IOException, GeneralSecurityException {
    Path conf = kit.resolve(Kit.SERVER_CONF);
    String wanted = Jwts.publicKey(key);
    return Jwt.in(conf).stream()
        .filter(claims -> claims.subject().equals(wanted))
        .findFirst()
        .orElseThrow(() -> failed("Account " + wanted + " is not in " + conf));
  }

  private NKey key(String file, NKey.Type type) throws Failure, IOException {
    Path path = kit.resolve(file);
    String seed = Files.readString(path, StandardCharsets.ISO_8859_1).strip();
    try {
      NKey key = NKey.fromSeed(seed.toCharArray());
      if (key.getType() == type) {
        return key;
      }
    } catch (RuntimeException e) { // whatever jnats makes of garbage
      // as when it is of another type
    }
    String owner = type.toString().toLowerCase(Locale.ROOT);
    throw failed(path + " holds no seed of an " + owner + ": restore it, or --force a new kit");
  }

  private Path file(String user) {
    return kit.resolve(user + ".creds");
  }

  private static Failure failed(String message) {
    return new Failure(ExitCode.FAILED, message);
  }
}
