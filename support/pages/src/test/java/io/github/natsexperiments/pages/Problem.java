package io.github.natsexperiments.pages;

/**
 * Something on a page that does not hold.
 *
 * @param page the page's path, from the project's folder
 * @param line the line, from 1
 * @param what one line, or more when it shows an output
 */
record Problem(String page, int line, String what) {

  /** As editors and terminals make a link of it. */
  @Override
  public String toString() {
    return page + ":" + line + " " + what;
  }
}
