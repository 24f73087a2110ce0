"""Celery at work: a real worker in a process of its own, tasks sent and results read from this one."""

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from celery import chain, group
from kombu import Connection, Exchange, Queue

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, "..", "support"))
import interop
import jobs
from interop import PREFIX, SCRATCH, URL, equal, eventually
from jobs import app

# Seconds to wait for a result: a limit for a broken broker, not a pause for a slow one.
PATIENCE = 60
MAIN = f"main-{PREFIX}@localhost"
FILES = "file://" + os.path.join(SCRATCH, "results")


@contextmanager
def worker(name, backend="rpc://"):
    log = os.path.join(SCRATCH, "worker.log")
    command = [sys.executable, "-m", "celery", "-A", "jobs", "worker", "-c", "2", "-n", name, "-l", "INFO"]
    environment = {**os.environ, "INTEROP_BACKEND": backend, "PYTHONDONTWRITEBYTECODE": "1"}
    with open(log, "a", encoding="utf-8") as output:
        process = subprocess.Popen(command, cwd=FOLDER, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            with open(log, encoding="utf-8") as output:
                interop.remark(output.read()[-4000:])
            raise


def get(result):
    return result.get(timeout=PATIENCE)


def waiting():
    with Connection(URL) as connection:
        return connection.channel().queue_declare(app.conf.task_default_queue, passive=True).message_count


def ping():
    answer = eventually("the worker's pong", lambda: app.control.ping(timeout=1), PATIENCE)
    equal(answer, [{MAIN: {"ok": "pong"}}], "ping")
    inspect = app.control.inspect([MAIN], timeout=10, limit=1)
    queues = inspect.active_queues()[MAIN]
    equal([queue["name"] for queue in queues], [PREFIX + "tasks"], "active queues")
    broker = inspect.stats()[MAIN]["broker"]
    equal((broker["transport"], broker["port"]), ("amqp", interop.PORT), "broker in stats")


def tasks():
    results = [jobs.add.delay(index, 1) for index in range(200)]
    equal([get(result) for result in results], [index + 1 for index in range(200)], "sums")
    failed = jobs.fail.delay("on purpose")
    try:
        get(failed)
    except ValueError as error:
        equal(str(error), "on purpose", "error text")
    else:
        raise AssertionError("a failing task did not fail")
    value = {"text": "Grüße", "list": [1, 2.5, None, True], "big": "x" * 300_000}
    assert get(jobs.echo.delay(value)) == value, "a value of 300 kB came back changed"


def chained():
    equal(get(chain(jobs.add.s(1, 2), jobs.add.s(4), jobs.add.s(8))()), 15, "chain")


def grouped():
    equal(get(group(jobs.add.s(index, index) for index in range(20))()), [2 * index for index in range(20)], "group")


def chorded():
    # Chords need a backend that can count, so they have an app with other settings: a client process of its own.
    os.makedirs(os.path.join(SCRATCH, "results"))
    with worker(f"chords-{PREFIX}@localhost", FILES):
        code = "print(chord([add.s(n, 1) for n in range(10)], total.s())().get(timeout=%d))" % PATIENCE
        equal(elsewhere(code, FILES), "55", "chord")


def elsewhere(code, backend="rpc://"):
    """What a client process of its own prints."""
    command = [sys.executable, "-c", "from celery import chord; from jobs import *; " + code]
    environment = {**os.environ, "INTEROP_BACKEND": backend, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def retried():
    equal(get(jobs.third_time_lucky.delay()), 2, "retries")


def delayed():
    soon = datetime.now(timezone.utc) + timedelta(seconds=1)
    by_eta, by_countdown = jobs.now.apply_async(eta=soon), jobs.now.apply_async(countdown=1)
    for result in (by_eta, by_countdown):
        ran = get(result)
        assert ran >= soon.timestamp(), f"ran at {ran}, before {soon.timestamp()}"


def not_held_up():
    # A worker keeps delayed tasks unacknowledged and raises its prefetch count for each of them on the running
    # consumer. That needs qos with global=true, which kombu uses when the server calls itself RabbitMQ >= 3.3.
    far = [jobs.now.apply_async(countdown=3600) for _ in range(12)]
    equal(get(jobs.add.delay(20, 22)), 42, "a task behind 12 delayed ones")
    inspect = app.control.inspect([MAIN], timeout=10, limit=1)
    scheduled = {entry["request"]["id"] for entry in inspect.scheduled()[MAIN]}
    equal(scheduled, {result.id for result in far}, "scheduled tasks")


def rejected():
    equal(get(jobs.once_rejected.delay()), "redelivered", "the second run")


def events():
    seen, ready = set(), threading.Event()

    def record(event):
        seen.add((event["type"], event["uuid"]))

    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"task-received": record, "task-succeeded": record})
        receiver.on_consume_ready = lambda *_, **__: ready.set()
        listener = threading.Thread(target=receiver.capture, kwargs={"wakeup": False}, daemon=True)
        listener.start()
        assert ready.wait(PATIENCE), "the receiver does not consume"
        result = jobs.add.delay(1, 1)
        equal(get(result), 2, "sum")
        wanted = {("task-received", result.id), ("task-succeeded", result.id)}
        eventually(f"{wanted} among the events", lambda: wanted <= seen)
        receiver.should_stop = True
        listener.join(PATIENCE)


KEPT = PREFIX + "kept"


def reconnect():
    # Publishing waits for the confirm: only then is the task safe.
    with Connection(URL, transport_options={"confirm_publish": True}) as connection:
        queue = Queue(KEPT, Exchange(KEPT, "direct"), KEPT)
        producer = connection.Producer()
        arguments = ["sent before the restart"]
        producer.publish(
            [arguments, {}, {}],
            serializer="json",
            headers={"task": "jobs.leave_a_mark", "id": KEPT, "lang": "py", "argsrepr": "", "kwargsrepr": ""},
            exchange=KEPT,
            routing_key=KEPT,
            declare=[queue],
            correlation_id=KEPT,
            delivery_mode="persistent",
        )
    interop.restart_broker()
    # This process sends on with the connection it had. Results are another matter: they went to a queue that
    # ended with the old connection, so the sum is asked for by a client process of its own.
    jobs.leave_a_mark.delay("sent after the restart")
    eventually("the task sent after the restart", lambda: marked("sent after the restart"), PATIENCE)
    equal(elsewhere("print(add.delay(3, 4).get(timeout=%d))" % PATIENCE), "7", "sum after the restart")


def marked(name):
    return os.path.exists(os.path.join(SCRATCH, name))


def kept():
    control = jobs.make_app().control
    control.add_consumer(KEPT, exchange=KEPT, reply=True, timeout=10, limit=1, destination=[MAIN])
    eventually("the task sent before the restart", lambda: marked("sent before the restart"), PATIENCE)


def clean_up():
    with Connection(URL) as connection:
        ch = connection.channel()
        ch.queue_delete(KEPT)
        ch.exchange_delete(KEPT)
        for prefix in (PREFIX, PREFIX + "chords."):
            ch.queue_delete(prefix + "tasks")
            for name in (prefix + "tasks", prefix + "events", prefix + "control.pidbox"):
                ch.exchange_delete(name)
            ch.exchange_delete(f"reply.{prefix}control.pidbox")


TITLES = [
    "a worker answers ping and inspect",
    "tasks and their results over rpc://",
    "a chain",
    "a group",
    "a chord",
    "a retried task",
    "countdown and eta",
    "a task that rejects itself comes back redelivered",
    "events reach a receiver",
    "delayed tasks do not hold up others",
    "the worker reconnects after the broker restarts",
    "a persistent task outlives the restart",
]

try:
    with worker(MAIN):
        interop.run(
            [ping, tasks, chained, grouped, chorded, retried, delayed, rejected, events, not_held_up, reconnect, kept],
            TITLES,
        )
finally:
    clean_up()
