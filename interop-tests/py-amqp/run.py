"""The common checks with py-amqp, the client under kombu and celery. It logs in with AMQPLAIN where it can."""

import os
import socket
import sys
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from amqp import Connection, Message
from amqp.exceptions import AccessRefused, NotFound, PreconditionFailed, RecoverableConnectionError, ResourceLocked

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import interop
from interop import MESSAGES, PREFIX, equal, eventually


def connection(**options):
    options = {"userid": interop.USER, "password": interop.PASSWORD, **options}
    return Connection(f"{interop.HOST}:{interop.PORT}", virtual_host=interop.VHOST, **options)


@contextmanager
def channel(**options):
    with connection(**options) as opened:
        yield opened.channel()


@contextmanager
def refused(error_class, text):
    try:
        yield
    except error_class as error:
        assert error.reply_text.startswith(text), error.reply_text
    else:
        raise AssertionError(f"expected {error_class.__name__} {text}, got no error")


def own_queue(ch, name):
    """A queue of this connection alone, which goes with it."""
    return ch.queue_declare(PREFIX + name, exclusive=True, auto_delete=False).queue


def count(ch, queue):
    return ch.queue_declare(queue, passive=True).message_count


def holds(ch, queue, number):
    """RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for."""
    eventually(f"{number} messages in {queue}", lambda: count(ch, queue) == number)


def get(ch, queue, **options):
    message = ch.basic_get(queue, **options)
    assert message is not None, f"{queue} is empty"
    return message


def drain(ch, queue):
    bodies = []
    while (message := ch.basic_get(queue, no_ack=True)) is not None:
        bodies.append(message.body)
    return bodies


def events(opened):
    """Handles what has arrived; returns at once when nothing has."""
    try:
        opened.drain_events(timeout=0.01)
    except socket.timeout:
        pass


def connect():
    with connection() as opened:
        properties = opened.server_properties
        interop.remark(f"server {properties['product']} {properties['version']}, {opened.mechanisms}")
        for name in ("publisher_confirms", "basic.nack", "consumer_cancel_notify", "authentication_failure_close"):
            equal(opened.server_capabilities.get(name), True, f"capability {name}")
        assert {b"PLAIN", b"AMQPLAIN"} <= set(opened.mechanisms), opened.mechanisms
    for method in ("AMQPLAIN", "PLAIN"):
        with connection(login_method=method) as opened:
            assert opened.connected
        with refused(AccessRefused, "ACCESS_REFUSED - Login was refused using authentication mechanism " + method):
            connection(login_method=method, password="not the password").connect()


def declare():
    direct, topic, fanout, headers = (PREFIX + kind for kind in ("direct", "topic", "fanout", "headers"))
    with connection() as opened:
        ch = opened.channel()
        for name, kind in ((direct, "direct"), (topic, "topic"), (fanout, "fanout"), (headers, "headers")):
            ch.exchange_declare(name, kind)
        one, two, three = (own_queue(ch, name) for name in ("one", "two", "three"))
        ch.queue_bind(one, topic, "a.*.c")
        ch.queue_bind(two, topic, "a.#")
        ch.queue_bind(three, headers, arguments={"x-match": "any", "kind": "order", "size": 3})
        ch.queue_bind(three, direct, "to three")
        ch.queue_bind(one, fanout)
        ch.exchange_bind(fanout, direct, "to fanout")
        ch.basic_publish(Message(b"both"), topic, "a.b.c")
        ch.basic_publish(Message(b"only two"), topic, "a")
        ch.basic_publish(Message(b"through two exchanges"), direct, "to fanout")
        ch.basic_publish(Message(b"direct"), direct, "to three")
        ch.basic_publish(Message(b"matched", application_headers={"size": 3}), headers, "")
        ch.basic_publish(Message(b"unmatched", application_headers={"size": 4}), headers, "")
        equal(drain(ch, one), [b"both", b"through two exchanges"], "queue one")
        equal(drain(ch, two), [b"both", b"only two"], "queue two")
        equal(drain(ch, three), [b"direct", b"matched"], "queue three")
        ch.queue_unbind(two, topic, "a.#")
        ch.basic_publish(Message(b"after unbind"), topic, "a.b.c")
        equal((drain(ch, one), drain(ch, two)), ([b"after unbind"], []), "after unbind")
        with refused(NotFound, "NOT_FOUND - no queue"):
            opened.channel().queue_declare(PREFIX + "missing", passive=True)
        with refused(PreconditionFailed, "PRECONDITION_FAILED - inequivalent arg 'auto_delete'"):
            opened.channel().queue_declare(one, exclusive=True, auto_delete=True)
        server_named = ch.queue_declare("", exclusive=True).queue
        assert server_named.startswith("amq.gen-"), server_named
        ch.basic_publish(Message(b"left"), "", two)
        equal(ch.queue_delete(two), 1, "messages in the deleted queue")


def ten_thousand():
    with connection() as opened:
        ch = opened.channel()
        queue = own_queue(ch, "many")
        for index in range(MESSAGES):
            ch.basic_publish(Message(b"message %d" % index), "", queue)
        ch.basic_qos(0, 500, False)
        seen = []

        def receive(message):
            assert not message.delivery_info["redelivered"], message.body
            seen.append(message.body)
            ch.basic_ack(message.delivery_tag)

        tag = ch.basic_consume(queue, callback=receive)
        while len(seen) < MESSAGES:
            opened.drain_events(timeout=30)
        ch.basic_cancel(tag)
        equal(seen, [b"message %d" % index for index in range(MESSAGES)], "messages in order")
        ch.close()
        holds(opened.channel(), queue, 0)


def confirms():
    with channel(confirm_publish=True) as ch:
        queue = own_queue(ch, "confirmed")
        for index in range(300):
            ch.basic_publish(Message(b"%d" % index, delivery_mode=2), "", queue, confirm_timeout=30)
        holds(ch, queue, 300)


def returns():
    with channel(confirm_publish=True) as ch:
        returned = []
        ch.events["basic_return"].add(lambda *arguments: returned.append(arguments))
        queue = own_queue(ch, "returns")
        ch.basic_publish(Message(b"routed"), "", queue, mandatory=True)
        ch.basic_publish(Message(b"unroutable", message_id="m1"), "", PREFIX + "nobody", mandatory=True)
        # Nothing to wait for: a return comes before the confirm that basic_publish has waited for.
        ((error, exchange, routing_key, message),) = returned
        equal((error.reply_code, error.reply_text), (312, "NO_ROUTE"), "reply")
        equal((exchange, routing_key), ("", PREFIX + "nobody"), "address")
        equal((message.body, message.properties["message_id"]), (b"unroutable", "m1"), "content")
        equal(drain(ch, queue), [b"routed"], "routed messages")


def requeue():
    with channel() as ch:
        queue = own_queue(ch, "requeue")
        for body in (b"a", b"b"):
            ch.basic_publish(Message(body), "", queue)
        first = get(ch, queue)
        info = first.delivery_info
        equal((first.body, info["redelivered"], info["message_count"]), (b"a", False, 1), "first get")
        ch.basic_reject(first.delivery_tag, requeue=True)
        again = get(ch, queue)
        equal((again.body, again.delivery_info["redelivered"]), (b"a", True), "the rejected message, in its old place")
        ch.basic_recover(requeue=True)
        recovered = get(ch, queue)
        equal((recovered.body, recovered.delivery_info["redelivered"]), (b"a", True), "after recover")
        ch.basic_ack(recovered.delivery_tag)
        second = get(ch, queue)
        equal((second.body, second.delivery_info["redelivered"]), (b"b", False), "the next message")
        ch.basic_reject(second.delivery_tag, requeue=False)
        equal(ch.basic_get(queue), None, "the queue at the end")


def qos():
    with connection() as opened:
        ch = opened.channel()
        queue = own_queue(ch, "qos")
        for index in range(10):
            ch.basic_publish(Message(b"%d" % index), "", queue)
        ch.basic_qos(0, 3, False)
        got = []
        ch.basic_consume(queue, callback=got.append)

        def delivered(number):
            eventually(f"{number} deliveries", lambda: events(opened) or len(got) >= number)
            holds(ch, queue, 10 - number)
            equal(len(got), number, "deliveries")

        delivered(3)
        ch.basic_ack(got[0].delivery_tag)
        delivered(4)
        ch.basic_ack(got[3].delivery_tag, multiple=True)
        delivered(7)
        equal([message.body for message in got], [b"%d" % index for index in range(7)], "order")


def headers():
    # py-amqp sends bytes as a string, 64-bit integers with the tag 'L' and knows no bytes type.
    sent = {
        "string": "Grüße, 世界",
        "empty": "",
        "long": "x" * 10_000,
        "true": True,
        "false": False,
        "int": -2_000_000_000,
        "long long": 9_007_199_254_740_993,
        "negative long long": -(2**63),
        "double": 3.141592653589793,
        "decimal": Decimal("-12.345"),
        "timestamp": datetime(2038, 1, 19, 3, 14, 8),
        "null": None,
        "array": ["one", 2, None, [True, {"deep": "er"}]],
        "table": {"inner": {"innermost": 1}, "empty": {}},
    }
    properties = {
        "content_type": "application/octet-stream",
        "content_encoding": "binary",
        "application_headers": sent,
        "delivery_mode": 2,
        "priority": 7,
        "correlation_id": "correlation",
        "reply_to": "reply to",
        "expiration": "3600000",
        "message_id": "message",
        "timestamp": 1_700_000_000,
        "type": "type",
        "user_id": interop.USER,
        "app_id": "app",
        "cluster_id": "cluster",
    }
    with channel() as ch:
        queue = own_queue(ch, "headers")
        ch.basic_publish(Message(b"body", **properties), "", queue)
        received = get(ch, queue).properties
        interop.equal_tables(received["application_headers"], sent, "headers")
        interop.equal_tables(received, properties, "properties")


def five_mb():
    body = interop.big_body()
    with channel() as ch:
        queue = own_queue(ch, "big")
        ch.basic_publish(Message(body), "", queue)
        ch.basic_publish(Message(b""), "", queue)
        assert get(ch, queue).body == body, "the body came back changed"
        equal(len(get(ch, queue).body), 0, "bytes of an empty body")


def tx():
    with connection() as opened:
        ch, other = opened.channel(), opened.channel()
        queue = own_queue(ch, "tx")
        ch.tx_select()
        ch.basic_publish(Message(b"a"), "", queue)
        ch.basic_publish(Message(b"b"), "", queue)
        holds(other, queue, 0)
        ch.tx_commit()
        holds(other, queue, 2)
        ch.basic_publish(Message(b"c"), "", queue)
        ch.tx_rollback()
        holds(other, queue, 2)
        tag = get(ch, queue).delivery_tag
        ch.basic_ack(tag)
        ch.tx_rollback()
        ch.basic_ack(tag)
        ch.tx_commit()
        ch.basic_ack(get(ch, queue).delivery_tag)
        ch.tx_rollback()
        ch.close()
        holds(other, queue, 1)
        message = get(other, queue)
        equal((message.body, message.delivery_info["redelivered"]), (b"b", True), "its content")


def exclusive():
    with connection() as mine, connection() as other:
        queue = own_queue(mine.channel(), "exclusive")
        with refused(ResourceLocked, "RESOURCE_LOCKED - cannot obtain exclusive access"):
            other.channel().queue_declare(queue, exclusive=True, auto_delete=False)
        with refused(ResourceLocked, "RESOURCE_LOCKED - cannot obtain exclusive access"):
            other.channel().basic_consume(queue)
        equal(count(mine.channel(), queue), 0, "its owner still has it")
        mine.close()

        def gone():
            try:
                other.channel().queue_declare(queue, passive=True)
            except NotFound:
                return True
            except ResourceLocked:
                return False

        eventually("the queue goes with its connection", gone)


DURABLE = PREFIX + "durable"


def reconnect():
    with connection(confirm_publish=True) as opened:
        ch = opened.channel()
        ch.exchange_declare(DURABLE, "fanout", durable=True, auto_delete=False)
        ch.queue_declare(DURABLE, durable=True, auto_delete=False)
        ch.queue_bind(DURABLE, DURABLE)
        ch.basic_publish(Message(b"kept", delivery_mode=2, application_headers={"n": 1}), DURABLE, confirm_timeout=30)
        interop.restart_broker()
        try:
            eventually("the old connection ends", lambda: events(opened))
        except (RecoverableConnectionError, OSError) as error:
            interop.remark(f"the old connection ended with {error}")
        opened.collect()
    with channel() as ch:
        queue = own_queue(ch, "after")
        ch.basic_publish(Message(b"after the restart"), "", queue)
        equal(get(ch, queue).body, b"after the restart", "message")


def durable():
    with connection() as opened:
        ch = opened.channel()
        try:
            ch.exchange_declare(DURABLE, "fanout", passive=True)
            ch.basic_publish(Message(b"through the old binding"), DURABLE)
            message = get(ch, DURABLE)
            equal((message.body, message.delivery_info["redelivered"]), (b"kept", False), "message")
            equal((message.properties["delivery_mode"], message.headers), (2, {"n": 1}), "properties")
            equal(get(ch, DURABLE).body, b"through the old binding", "binding")
        finally:
            clean = opened.channel()
            clean.queue_delete(DURABLE)
            clean.exchange_delete(DURABLE)


def rpc():
    with connection() as opened:
        server, client = opened.channel(), opened.channel()
        queue = own_queue(server, "rpc")

        def serve(question):
            reply_to = question.properties["reply_to"]
            assert reply_to.startswith("amq.rabbitmq.reply-to."), reply_to
            answer = Message(question.body.upper(), correlation_id=question.properties["correlation_id"])
            server.basic_publish(answer, "", reply_to)

        replies = {}

        def collect(answer):
            replies[answer.properties["correlation_id"]] = answer.body

        server.basic_consume(queue, no_ack=True, callback=serve)
        client.basic_consume("amq.rabbitmq.reply-to", no_ack=True, callback=collect)
        for index in range(50):
            question = Message(b"question %d" % index, reply_to="amq.rabbitmq.reply-to", correlation_id=str(index))
            client.basic_publish(question, "", queue)
        eventually("50 replies", lambda: events(opened) or len(replies) >= 50)
        equal(replies, {str(index): b"QUESTION %d" % index for index in range(50)}, "replies")


interop.run(
    [
        connect, declare, ten_thousand, confirms, returns, requeue, qos, headers, five_mb, tx, exclusive,
        reconnect, durable, rpc,
    ]
)  # fmt: skip
