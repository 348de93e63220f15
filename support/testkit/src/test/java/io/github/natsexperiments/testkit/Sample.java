package io.github.natsexperiments.testkit;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes.Name;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** The program that the tests of the test kit run, in a jar made for them. */
final class Sample {

  private Sample() {}

  /** Its one argument is what to do; the second, if any, with what. */
  public static void main(String[] args) throws Exception {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    switch (args[0]) {
      case "say" -> {
        out.println("out: " + args[1]);
        System.err.println("err: said");
      }
      case "warn" -> System.err.println("WARNING: " + args[1]); // as the JVM does
      case "exit" -> System.exit(Integer.parseInt(args[1]));
      case "lines" -> {
        PrintStream many = new PrintStream(new BufferedOutputStream(out, 1 << 16));
        for (int i = 0; i < Integer.parseInt(args[1]); i++) {
          many.println("line " + i);
        }
        many.flush();
      }
      case "prompt" -> {
        out.print("Name: ");
        out.flush();
        byte[] name = System.in.readNBytes(Integer.parseInt(args[1]));
        out.println("Hello, " + new String(name, StandardCharsets.UTF_8));
      }
      case "echo" -> System.in.transferTo(out);
      case "environment" ->
          System.getenv().forEach((name, value) -> out.println(name + "=" + value));
      case "directory" -> out.println(Path.of("").toAbsolutePath());
      case "wait" -> {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> out.println("draining")));
        out.println("waiting, " + Runtime.getRuntime().maxMemory());
        Thread.currentThread().join();
      }
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  /** This class as a jar. */
  static Path jar() {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Name.MAIN_CLASS, Sample.class.getName());
    String entry = Sample.class.getName().replace('.', '/') + ".class";
    Path jar = Path.of("target", "sample.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file, manifest)) {
      out.putNextEntry(new JarEntry(entry));
      Files.copy(Path.of("target", "test-classes").resolve(entry), out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return jar;
  }
}
