"""The tasks, loaded by the workers and by run.py. Every name on the broker starts with this run's prefix."""

import os
import time

from celery import Celery
from celery.exceptions import Reject

PREFIX = os.environ["INTEROP_PREFIX"]
SCRATCH = os.environ["INTEROP_SCRATCH"]
BACKEND = os.environ.get("INTEROP_BACKEND", "rpc://")


def make_app(backend=BACKEND):
    # Chords need a backend that can count: their tasks go over queues of their own.
    prefix = PREFIX if backend == "rpc://" else PREFIX + "chords."
    made = Celery("jobs", broker=os.environ["AMQP_URL"], backend=backend)
    made.conf.update(
        task_default_queue=prefix + "tasks",
        control_exchange=prefix + "control",
        event_exchange=prefix + "events",
        event_queue_prefix=prefix + "events",
        worker_prefetch_multiplier=1,
        worker_send_task_events=True,
        task_send_sent_event=True,
        broker_connection_retry=True,
        broker_connection_max_retries=None,
        worker_hijack_root_logger=False,
    )
    return made


app = make_app()


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=3)
def third_time_lucky(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return self.request.retries


@app.task
def fail(text):
    raise ValueError(text)


@app.task
def now():
    return time.time()


@app.task(bind=True, acks_late=True)
def once_rejected(self):
    if not self.request.delivery_info["redelivered"]:
        raise Reject("the first time", requeue=True)
    return "redelivered"


@app.task(ignore_result=True)
def leave_a_mark(name):
    with open(os.path.join(SCRATCH, name), "w", encoding="utf-8") as file:
        file.write("done")


@app.task
def echo(value):
    return value
