package io.github.natsexperiments.callbacks;

/**
 * An error on show.
 *
 * @param name what to call it by on the command line
 * @param means what has happened
 * @param cure what to do
 * @param scene makes it happen
 */
record Exhibit(String name, String means, String cure, Scene scene) {
  /** jnats has neither thrown nor called anything. */
  static final String NOTHING = "says nothing";

  /** Begins the answer of a scene that this server cannot play. */
  static final String NOT_HERE = "shown only ";

  /** Makes an error happen. */
  interface Scene {
    /** Throws what jnats throws, or says on the stage what it did instead. */
    void play(Stage stage) throws Exception;
  }

  /** What jnats says, on one line. */
  String says(Stage stage) {
    try {
      scene.play(stage);
    } catch (Exception e) {
      stage.say("throws " + show(e));
    }
    return stage.said().replace(stage.name, "NAME");
  }

  /** The class of an exception, its message, and the same of its cause where that says more. */
  static String show(Throwable e) {
    String message = e.getMessage() == null ? "" : ": " + e.getMessage().lines().findFirst().get();
    if (e.getCause() != null && e.getCause().getClass() == e.getClass()) {
      return show(e.getCause()); // as newer JDKs wrap a CancellationException
    }
    boolean wrapped = e.getCause() != null && e.toString().contains(e.getCause().toString());
    return wrapped
        ? e.getClass().getSimpleName() + " of " + show(e.getCause())
        : e.getClass().getSimpleName() + message;
  }
}
