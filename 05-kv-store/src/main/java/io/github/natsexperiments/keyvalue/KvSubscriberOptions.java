package io.github.natsexperiments.keyvalue;

import io.github.natsexperiments.cli.CommonOptions;
import io.github.natsexperiments.cli.DurationConverter;
import io.github.natsexperiments.cli.KvNames;
import io.github.natsexperiments.cli.Run;
import io.github.natsexperiments.cli.SubscriberOptions;
import io.nats.client.api.KeyValueWatchOption;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The command line of {@link KvSubscriber}. */
@Command(
    name = "subscriber.jar",
    synopsisHeading = "Usage: java -jar ",
    description = "Watches keys of a bucket of the Key/Value store.",
    footer = {
      "",
      "Examples:",
      "  java -jar subscriber.jar                 the value of \"key\", then each new one",
      "  java -jar subscriber.jar --key 'room.*'  all keys of that form",
      "  java -jar subscriber.jar --key '>'       all keys",
      "  java -jar subscriber.jar --history       older values first, as far as kept",
      "  java -jar subscriber.jar --from 120      go on after revision 119",
      "  java -jar subscriber.jar --list",
      "  java -jar subscriber.jar --get lamp      or an older value: --get lamp@7"
    })
final class KvSubscriberOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Mixin CommonOptions common;
  @Mixin SubscriberOptions subscriber;
  @ArgGroup Mode mode = new Mode();

  @Option(
      names = "--bucket",
      paramLabel = "NAME",
      converter = KvNames.Bucket.class,
      description = "Bucket to read. Default: ${DEFAULT-VALUE}.")
  String bucket = "sample_kv";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      converter = KvNames.KeyFilter.class,
      description = "Key; * is any one token, > the whole rest. Default: key; --list: all.")
  String key;

  @Option(
      names = "--follow",
      description = "Wait for a missing bucket, and continue with one created again.")
  boolean follow;

  /** What else to do than to watch the newest value of each key and all that follow. */
  static final class Mode {
    @Option(
        names = "--from",
        paramLabel = "REVISION",
        description = "Watch all that is kept from REVISION on, old values of a key included.")
    long from;

    @Option(names = "--history", description = "Watch all that is kept of each key.")
    private boolean history;

    @Option(names = "--updates-only", description = "Watch what is put from now on only.")
    private boolean updatesOnly;

    @Option(
        names = "--poll",
        paramLabel = "D",
        arity = "0..1",
        fallbackValue = "1s",
        converter = DurationConverter.class,
        description = "Do not watch: get the value again and again, every D (${FALLBACK-VALUE}).")
    Duration poll;

    @Option(
        names = "--get",
        paramLabel = "KEY[@REVISION]",
        converter = Wanted.Converter.class,
        description = "Show the value of KEY, or the one of that revision, and exit.")
    Wanted get;

    @Option(names = "--list", description = "List the keys that have a value, and exit.")
    boolean list;
  }

  /** What {@code --get} names; revision 0 stands for the newest one. */
  record Wanted(String key, long revision) {
    static final class Converter implements ITypeConverter<Wanted> {
      private static final Pattern FORM = Pattern.compile("([^@]+)(?:@([1-9]\\d{0,17}))?");

      @Override
      public Wanted convert(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
          throw new TypeConversionException("'" + text + "': write KEY or KEY@REVISION");
        }
        String key = new KvNames.Key().convert(form.group(1));
        return new Wanted(key, form.group(2) == null ? 0 : Long.parseLong(form.group(2)));
      }
    }
  }

  /** Checks what picocli cannot, and starts the run. */
  Run run() {
    refuse(mode.from < 0, "Invalid value '" + mode.from + "' for --from: revisions begin with 1");
    boolean several = !KvNames.isKey(keys());
    refuse(mode.poll != null && several, "'" + key + "' stands for several keys: --poll gets one");
    refuse(mode.get != null && key != null, "--get names its key: leave out --key");
    return common.run(mode.poll == null ? "Received" : "Got", subscriber.count(), false);
  }

  String keys() {
    return key == null ? "key" : key;
  }

  String gaveUp() {
    Duration timeout = subscriber.timeout();
    return timeout == null
        ? ""
        : "Gave up: nothing for key \"" + keys() + "\" within " + timeout.toMillis() + " ms";
  }

  KeyValueWatchOption[] watchOptions() {
    return mode.history
        ? new KeyValueWatchOption[] {KeyValueWatchOption.INCLUDE_HISTORY}
        : mode.updatesOnly
            ? new KeyValueWatchOption[] {KeyValueWatchOption.UPDATES_ONLY}
            : new KeyValueWatchOption[] {};
  }

  private void refuse(boolean wrong, String why) {
    if (wrong) {
      throw new ParameterException(spec.commandLine(), why);
    }
  }
}
