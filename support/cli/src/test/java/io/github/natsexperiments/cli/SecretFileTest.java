package io.github.natsexperiments.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A file of credentials is read as jnats reads it. */
class SecretFileTest {
  private static final String FILE =
      "hello\n-----BEGIN NATS USER JWT-----\n\neyJ.a.b  \n------END NATS USER JWT------\nnote\n"
          + "-----BEGIN USER NKEY SEED-----\r\n SUA \r\n------END USER NKEY SEED------\n";

  @Test
  void theLineAfterSoManyDashes() {
    assertThat(SecretFile.after(1, FILE)).isEqualTo("eyJ.a.b");
    assertThat(SecretFile.after(3, FILE)).isEqualTo("SUA");
    assertThat(SecretFile.after(1, " SUB\nmore")).isEqualTo("SUB");
    assertThat(SecretFile.after(3, "eyJ.a.b")).isEmpty();
  }
}
