package io.github.natsexperiments.creds;

import io.github.natsexperiments.cli.ExitCode;
import io.github.natsexperiments.cli.Failure;
import io.github.natsexperiments.cli.Jwt;
import io.github.natsexperiments.cli.Payloads;
import io.nats.client.support.JsonValue;
import io.nats.client.support.JsonValueUtils;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** All that a JWT says, in lines for people. */
final class JwtText {
  private final StringBuilder text = new StringBuilder();

  private JwtText() {}

  /** Prints what the JWTs in a file say. */
  static void print(Path file) throws Failure, IOException {
    List<Jwt> all = Files.isDirectory(file) ? List.of() : Jwt.in(file);
    if (all.isEmpty()) {
      throw new Failure(ExitCode.FAILED, "There is no JWT of NATS in " + file);
    }
    // In UTF-8, whatever the locale; Cli checks at the end whether all could be written.
    System.setOut(
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
    all.forEach(claims -> System.out.println(of(claims)));
  }

  static String of(Jwt jwt) {
    return new JwtText().describe(jwt);
  }

  private String describe(Jwt jwt) {
    text.append(jwt.type()).append(" \"").append(jwt.name()).append("\"");
    line("key", jwt.subject());
    line("signed by", jwt.issuer() + (jwt.signatureFits() ? "" : " (THE SIGNATURE DOES NOT FIT)"));
    line("issued", jwt.issuedAt());
    if (jwt.notBefore() != null) {
      line("not valid before", jwt.notBefore());
    }
    line("expires", jwt.expires() == null ? "never" : jwt.expires());
    switch (jwt.type()) {
      case "user" -> {
        line("account", jwt.account());
        line("may publish to", jwt.subjects("pub"));
        line("may subscribe to", jwt.subjects("sub"));
        if (!jwt.limits().isEmpty()) {
          line("may log in", jwt.limits());
        }
      }
      case "account" -> {
        line("JetStream", jetStream(JsonValueUtils.readObject(jwt.nats(), "limits")));
        jwt.revocations().forEach((user, until) -> line("revoked", user));
      }
      default -> line("system account", JsonValueUtils.readString(jwt.nats(), "system_account"));
    }
    return text.toString();
  }

  private void line(String title, Object value) {
    text.append(System.lineSeparator())
        .append("  ")
        .append(title)
        .append(": ")
        .append(" ".repeat(16 - title.length()))
        .append(Payloads.show(String.valueOf(value)));
  }

  private static String jetStream(JsonValue limits) {
    long disk = JsonValueUtils.readLong(limits, "disk_storage", 0);
    long memory = JsonValueUtils.readLong(limits, "mem_storage", 0);
    return disk == 0 && memory == 0
        ? "none"
        : "disk %d bytes, memory %d bytes, streams %d, consumers %d (-1: no limit)"
            .formatted(
                disk,
                memory,
                JsonValueUtils.readLong(limits, "streams", 0),
                JsonValueUtils.readLong(limits, "consumer", 0));
  }
}
