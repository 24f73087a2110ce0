#!/bin/bash
# Starts Debian's rabbitmq-server on loopback, with a node name, a port and directories of its own, runs the conformance
# suite against it, and stops it again. Exit code of the suite; 77 where rabbitmq-server is not installed.
set -euo pipefail

cd "$(dirname "$0")/.."
server=/usr/lib/rabbitmq/bin/rabbitmq-server
if [ ! -x "$server" ]; then
  echo 'rabbitmq-server is not installed'
  exit 77
fi
node bin/setup.js

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
port=$(free_port)
home=$(mktemp -d)
mkdir "$home/mnesia" "$home/log"
echo "listeners.tcp.1 = 127.0.0.1:$port" > "$home/rabbitmq.conf"
echo '[].' > "$home/enabled_plugins"

export HOME=$home ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT
ERL_EPMD_PORT=$(free_port)
export RABBITMQ_NODENAME=judge-$port@localhost RABBITMQ_DIST_PORT
RABBITMQ_DIST_PORT=$(free_port)
export RABBITMQ_CONFIG_FILE=$home/rabbitmq.conf RABBITMQ_MNESIA_BASE=$home/mnesia RABBITMQ_LOG_BASE=$home/log
export RABBITMQ_ENABLED_PLUGINS_FILE=$home/enabled_plugins RABBITMQ_PID_FILE=$home/pid
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'

# Our own epmd, so that it ends with this script; RabbitMQ would leave one behind.
epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" &
epmd=$!
"$server" > "$home/out.log" 2>&1 &
rabbit=$!
stop() {
  kill -TERM "$rabbit" 2>/dev/null || true
  wait "$rabbit" 2>/dev/null || true
  kill -TERM "$epmd" 2>/dev/null || true
  rm -rf "$home"
}
trap stop EXIT

for _ in $(seq 120); do
  if (exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  if ! kill -0 "$rabbit" 2>/dev/null; then break; fi
  sleep 0.5
done
if ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  cat "$home/out.log"
  echo 'rabbitmq-server did not start'
  exit 1
fi
node build/interop-tests/conformance/main.js --url "amqp://guest:guest@127.0.0.1:$port"
