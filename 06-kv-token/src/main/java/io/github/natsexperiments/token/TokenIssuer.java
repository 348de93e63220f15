package io.github.natsexperiments.token;

import io.github.natsexperiments.cli.Checkout;
import io.github.natsexperiments.cli.Cli;
import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.HelpOptions;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.Callable;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Makes a token, and the hash of it that the server gets. The token is for the programs; it is
 * written to a file and never shown. The hash is for the server: it proves that a token is right,
 * and nobody can find the token from it.
 *
 * @see <a href="https://docs.nats.io/learn/security/authentication-basics">NATS documentation:
 *     tokens</a>
 */
@Command(
    name = "issuer.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Makes a token, and its hash for the server.",
    footer = {
      "",
      "Examples:",
      "  java -jar issuer.jar          into the folder 06-kv-token/token",
      "  java -jar issuer.jar --force  another token in place of the one there"
    })
public final class TokenIssuer implements Callable<Integer> {
  /** File with the token. */
  static final String TOKEN = "token";

  /** File with the hash, as a line that shells and Docker Compose read. */
  static final String HASH = "hash.env";

  private static final int TOKEN_BYTES = 32;
  private static final int SALT_BYTES = 16;

  /** 2 to the power of 11 rounds: a tenth of a second for each guess, and for each login. */
  private static final int COST = 11;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the two files. Default: 06-kv-token/token, in the checkout.")
  private Path folder;

  @Option(names = "--force", description = "Replace the token that is there.")
  private boolean force;

  @Mixin private HelpOptions help;

  /** Starts the program. */
  public static void main(String[] args) {
    System.exit(Cli.run(new TokenIssuer(), args));
  }

  @Override
  public Integer call() throws Failure, IOException {
    if (folder == null) {
      folder = Checkout.folder("06-kv-token", "token");
    }
    Path tokenFile = folder.resolve(TOKEN);
    Path hashFile = folder.resolve(HASH);
    if (!force && (Files.exists(tokenFile) || Files.exists(hashFile))) {
      throw new Failure(
          ExitCode.FAILED,
          "There is a token, or its hash, in " + folder + " already: --force replaces both");
    }
    String token = random(TOKEN_BYTES);
    try {
      Files.createDirectories(folder);
      Path ignored = folder.resolve(".gitignore");
      if (!Files.exists(ignored)) {
        write(ignored, "*");
      }
      // First the programs, then the server: who is logged out then has the new token at hand.
      write(tokenFile, token);
      // In single quotes, or shells and Compose would take $2a for a variable.
      write(hashFile, "NATS_TOKEN_HASH='" + hash(token) + "'");
    } catch (FileSystemException e) {
      throw new Failure(ExitCode.FAILED, "Cannot write to " + folder + ": " + e, e);
    }
    Logger log = LoggerFactory.getLogger("nats");
    log.info("The token is in {}, for the programs: --token-file {}", tokenFile, tokenFile);
    log.info("Its hash is in {}, for the server", hashFile.toAbsolutePath());
    return ExitCode.DONE;
  }

  /** Letters, digits, - and _ only: it fits into a URL, a file, a variable. */
  private static String random(int bytes) {
    byte[] random = new byte[bytes];
    new SecureRandom().nextBytes(random);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
  }

  /** nats-server knows a hash by its beginning, {@code $2a$}. */
  static String hash(String token) {
    byte[] salt = new byte[SALT_BYTES];
    new SecureRandom().nextBytes(salt);
    return OpenBSDBCrypt.generate("2a", token.toCharArray(), salt, COST);
  }

  /** A file for its owner's eyes only, whole or not at all. */
  private static void write(Path file, String line) throws IOException {
    Path aside = Files.createTempFile(file.getParent(), "new-", ""); // mode 0600
    try {
      Files.writeString(aside, line + "\n");
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(aside);
    }
  }
}
