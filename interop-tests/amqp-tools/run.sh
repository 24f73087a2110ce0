#!/bin/sh
# The common checks with rabbitmq-c's command line tools, as far as they go.
# A check is a function in a subshell with `set -e`: what it prints tells why it failed, exit code 3 is a skip.
set -u

title() { sed -n "s/^  '\(.*\)',\$/\1/p" interop-tests/support/checks.ts | sed -n "${1}p"; }

check() {
  number=$1
  output=$INTEROP_SCRATCH/check.out
  (set -eu; "$2") >"$output" 2>&1 </dev/null
  result=$?
  case $result in
    0) echo "ok $number - $(title "$number")" ;;
    3) echo "ok $number - $(title "$number") # SKIP $(cat "$output")" ;;
    *)
      echo "not ok $number - $(title "$number")"
      sed 's/^/# /' "$output"
      ;;
  esac
}

skip() {
  number=$1
  echo "ok $number - $(title "$number") # SKIP $2"
}

fail() {
  echo "$*"
  exit 1
}

equal() { [ "$1" = "$2" ] || fail "$3: expected '$2', got '$1'"; }

publish() { amqp-publish -u "$AMQP_URL" "$@"; }
get() { amqp-get -u "$AMQP_URL" -q "$1"; }
consume() { amqp-consume -u "$AMQP_URL" "$@"; }
declare_queue() { equal "$(amqp-declare-queue -u "$AMQP_URL" "$@" -q "$queue")" "$queue" 'declared queue'; }
delete_queue() { amqp-delete-queue -u "$AMQP_URL" -q "$queue"; }

expect_empty() {
  code=0
  get "$queue" || code=$?
  equal "$code" 2 'exit code of amqp-get on an empty queue'
}

# Runs a command that the broker must refuse, with this in what it prints.
refused() {
  expected=$1
  shift
  if "$@" >"$INTEROP_SCRATCH/refused" 2>&1; then fail "not refused: $*"; fi
  grep -qF "$expected" "$INTEROP_SCRATCH/refused" || fail "expected '$expected', got: $(cat "$INTEROP_SCRATCH/refused")"
}

connect() {
  queue=${INTEROP_PREFIX}connect
  declare_queue
  equal "$(delete_queue)" 0 'messages in the deleted queue'
  url=$(echo "$AMQP_URL" | sed 's,//\([^:]*\):[^@]*@,//\1:not-the-password@,')
  refused 'server connection error 403, message: ACCESS_REFUSED' amqp-get -u "$url" -q "$queue"
}

declare() {
  queue=${INTEROP_PREFIX}declare
  declare_queue
  publish -r "$queue" -b one
  publish -r "$queue" -b two
  equal "$(get "$queue")" one 'first message'
  missing=${INTEROP_PREFIX}missing
  refused "server channel error 404, message: NOT_FOUND - no queue '$missing'" get "$missing"
  refused "server channel error 404, message: NOT_FOUND - no exchange '$missing'" \
    publish -e "$missing" -r "$queue" -b nowhere
  refused "message: PRECONDITION_FAILED - inequivalent arg 'durable'" amqp-declare-queue -u "$AMQP_URL" -d -q "$queue"
  case $(amqp-declare-queue -u "$AMQP_URL" -q '') in
    amq.gen-*) ;;
    *) fail 'a server-named queue has no amq.gen- name' ;;
  esac
  equal "$(delete_queue)" 1 'messages in the deleted queue'
  # The consumer declares its own queue and binds it; its messages come when the binding is there.
  consume -q '' -x -e amq.topic -r "${INTEROP_PREFIX}*.end" -c 1 cat >"$INTEROP_SCRATCH/bound" &
  consumer=$!
  while kill -0 $consumer 2>/dev/null && [ ! -s "$INTEROP_SCRATCH/bound" ]; do
    publish -e amq.topic -r "${INTEROP_PREFIX}other" -b unbound
    publish -e amq.topic -r "${INTEROP_PREFIX}an.end" -b bound
  done
  wait $consumer
  equal "$(cat "$INTEROP_SCRATCH/bound")" bound 'message through the binding'
}

ten_thousand() {
  queue=${INTEROP_PREFIX}many
  declare_queue
  seq -f 'message %.0f' 1 10000 >"$INTEROP_SCRATCH/sent"
  publish -r "$queue" -l <"$INTEROP_SCRATCH/sent"
  consume -q "$queue" -p 500 -c 10000 cat >"$INTEROP_SCRATCH/received"
  cmp "$INTEROP_SCRATCH/sent" "$INTEROP_SCRATCH/received"
  equal "$(delete_queue)" 0 'messages left after the acks'
}

requeue() {
  queue=${INTEROP_PREFIX}requeue
  declare_queue
  publish -r "$queue" -b a
  publish -r "$queue" -b b
  # A command that fails leaves its message unacknowledged.
  printf '#!/bin/sh\ncat >/dev/null\nexit 1\n' >"$INTEROP_SCRATCH/failing"
  chmod +x "$INTEROP_SCRATCH/failing"
  consume -q "$queue" -c 1 -p 1 "$INTEROP_SCRATCH/failing"
  equal "$(consume -q "$queue" -c 2 cat)" ab 'after a consumer that failed'
  equal "$(delete_queue)" 0 'messages left'
}

five_mb() {
  queue=${INTEROP_PREFIX}big
  declare_queue
  # Seven digits and a newline: all words of it differ.
  seq -f '%07.0f' 1 655360 >"$INTEROP_SCRATCH/big"
  equal "$(wc -c <"$INTEROP_SCRATCH/big")" 5242880 'size of the body'
  publish -r "$queue" <"$INTEROP_SCRATCH/big"
  get "$queue" >"$INTEROP_SCRATCH/big.back"
  cmp "$INTEROP_SCRATCH/big" "$INTEROP_SCRATCH/big.back"
  publish -r "$queue" -b ''
  equal "$(get "$queue")" '' 'empty body'
  expect_empty
  delete_queue
}

durable=${INTEROP_PREFIX}durable
watched=${INTEROP_PREFIX}watched

# Leaves a persistent message in a durable queue, and a consumer that has received something from another.
before_restart() {
  queue=$durable
  declare_queue -d
  publish -r "$queue" -p -b kept
  queue=$watched
  declare_queue
  timeout 60 amqp-consume -u "$AMQP_URL" -q "$watched" cat >"$INTEROP_SCRATCH/watched" 2>&1 </dev/null &
  consumer=$!
  publish -r "$watched" -b consuming
  while kill -0 $consumer 2>/dev/null && [ ! -s "$INTEROP_SCRATCH/watched" ]; do sleep 0.05; done
}

reconnect() {
  case $consumer_result in
    0 | 124) fail "a consumer outlived its broker: $consumer_result, $(cat "$INTEROP_SCRATCH/watched")" ;;
  esac
  queue=${INTEROP_PREFIX}after
  declare_queue
  publish -r "$queue" -b 'after the restart'
  equal "$(get "$queue")" 'after the restart' message
  delete_queue
}

outlives() {
  queue=$durable
  equal "$(get "$queue")" kept 'message'
}

check 1 connect
check 2 declare
check 3 ten_thousand
skip 4 'the tools publish without confirms'
skip 5 'the tools publish without mandatory'
check 6 requeue
skip 7 'the tools do not show what has been delivered but not handled yet'
skip 8 'the tools do not show headers'
check 9 five_mb
skip 10 'the tools have no tx'
skip 11 'the tools do not keep a connection open beside another'
before_restart >&2
echo restart
read -r answer
equal "$answer" restarted 'answer to restart'
consumer_result=0
wait $consumer || consumer_result=$?
echo "# a consumer through the restart: $(tail -n 1 "$INTEROP_SCRATCH/watched")"
check 12 reconnect
check 13 outlives
for queue in $durable $watched; do delete_queue >/dev/null 2>&1; done
skip 14 'the tools do not consume and publish on one channel'
