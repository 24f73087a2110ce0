#!/bin/sh
# Compiles the Java program against Debian's copy of RabbitMQ's Java client and runs it.
# --probe: only tell whether the compiler and the client are there.
set -eu

jars=/usr/share/java
for file in amqp-client.jar slf4j-api.jar slf4j-nop.jar; do
  [ -f "$jars/$file" ] || { echo "$jars/$file is missing" >&2; exit 1; }
done
command -v javac >/dev/null || { echo "javac is missing" >&2; exit 1; }
if [ "${1:-}" = --probe ]; then exit 0; fi

classpath=$jars/amqp-client.jar:$jars/slf4j-api.jar:$jars/slf4j-nop.jar
# Short-lived, on few cores: the second compiler would cost more than it gains.
jvm='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'
javac -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC -d "$INTEROP_SCRATCH" -cp "$classpath" \
  interop-tests/java-client/*.java
# shellcheck disable=SC2086
exec java $jvm -cp "$INTEROP_SCRATCH:$classpath" Main
