package io.github.natsexperiments.keyvalue;
public final class KvSubscriber { public static void main(String[] a) {} }
