#!/bin/sh
# Compiles the C program against rabbitmq-c and runs it.
# --probe: only tell whether the compiler and the library are there.
set -eu

command -v gcc >/dev/null || { echo "gcc is missing" >&2; exit 1; }
[ -f /usr/include/amqp_tcp_socket.h ] || { echo "rabbitmq-c's headers are missing" >&2; exit 1; }
if [ "${1:-}" = --probe ]; then exit 0; fi

gcc -std=gnu11 -O1 -Wall -Wextra -o "$INTEROP_SCRATCH/client" interop-tests/rabbitmq-c/*.c -lrabbitmq
exec "$INTEROP_SCRATCH/client"
