#!/bin/sh
# Builds the Go program against Debian's copy of amqp091-go, without the network, and runs it.
# --probe: only tell whether Go and the client are there.
set -eu

library=/usr/share/gocode/src/github.com/rabbitmq/amqp091-go
go=
for candidate in /usr/lib/go-*/bin/go /usr/lib/go/bin/go "$(command -v go || true)"; do
  if [ -x "$candidate" ]; then go=$candidate; break; fi
done
if [ -z "$go" ] || [ ! -d "$library" ]; then
  echo "Go or $library is missing" >&2
  exit 1
fi
if [ "${1:-}" = --probe ]; then exit 0; fi

export GO111MODULE=off GOPATH=/usr/share/gocode GOTOOLCHAIN=local GOFLAGS= CGO_ENABLED=0
# A Go elsewhere in the environment must not lend its root to this one.
unset GOROOT
"$go" build -o "$INTEROP_SCRATCH/client" interop-tests/amqp091-go/*.go
exec "$INTEROP_SCRATCH/client"
