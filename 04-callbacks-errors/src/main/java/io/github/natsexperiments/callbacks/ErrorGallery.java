package io.github.natsexperiments.callbacks;

/** x. */
public final class ErrorGallery {}
