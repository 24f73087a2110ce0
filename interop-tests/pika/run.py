"""The common checks with pika's BlockingConnection."""

import os
import sys
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

import pika
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker, ProbableAuthenticationError, UnroutableError

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import interop
from interop import MESSAGES, PREFIX, equal, eventually

PARAMETERS = pika.URLParameters(interop.URL)
PERSISTENT = pika.BasicProperties(delivery_mode=2)


@contextmanager
def connection():
    opened = pika.BlockingConnection(PARAMETERS)
    try:
        yield opened
    finally:
        if opened.is_open:
            opened.close()


@contextmanager
def channel():
    with connection() as opened:
        yield opened.channel()


@contextmanager
def refused(code, text):
    try:
        yield
    except ChannelClosedByBroker as error:
        equal(error.reply_code, code, "reply code")
        assert error.reply_text.startswith(text), error.reply_text
    else:
        raise AssertionError(f"expected {code} {text}, got no error")


def own_queue(ch, name):
    """A queue of this connection alone, which goes with it."""
    return ch.queue_declare(PREFIX + name, exclusive=True).method.queue


def count(ch, queue):
    return ch.queue_declare(queue, passive=True).method.message_count


def holds(ch, queue, number):
    """RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for."""
    eventually(f"{number} messages in {queue}", lambda: count(ch, queue) == number)


def get(ch, queue):
    method, properties, body = ch.basic_get(queue)
    assert method is not None, f"{queue} is empty"
    return method, properties, body


def drain(ch, queue):
    bodies = []
    while True:
        method, _, body = ch.basic_get(queue, auto_ack=True)
        if method is None:
            return bodies
        bodies.append(body)


def connect():
    with connection() as opened:
        properties = opened._impl.server_properties
        interop.remark(f"server {properties['product']} {properties['version']}")
        for supported in (
            opened.publisher_confirms_supported,
            opened.basic_nack_supported,
            opened.consumer_cancel_notify_supported,
            opened.exchange_exchange_bindings_supported,
        ):
            assert supported, properties
    wrong = pika.URLParameters(interop.URL)
    wrong.credentials = pika.PlainCredentials(interop.USER, "not the password")
    try:
        pika.BlockingConnection(wrong)
    except ProbableAuthenticationError as error:
        assert "ACCESS_REFUSED" in str(error), error
    else:
        raise AssertionError("a bad password was accepted")


def declare():
    direct, topic, fanout, headers = (PREFIX + kind for kind in ("direct", "topic", "fanout", "headers"))
    with connection() as opened:
        ch = opened.channel()
        for name, kind in ((direct, "direct"), (topic, "topic"), (fanout, "fanout"), (headers, "headers")):
            ch.exchange_declare(name, kind, auto_delete=True)
        one, two, three = (own_queue(ch, name) for name in ("one", "two", "three"))
        ch.queue_bind(one, topic, "a.*.c")
        ch.queue_bind(two, topic, "a.#")
        ch.queue_bind(three, headers, arguments={"x-match": "all", "kind": "order", "size": 3})
        ch.queue_bind(three, direct, "to three")
        ch.queue_bind(one, fanout)
        ch.exchange_bind(fanout, direct, "to fanout")
        ch.basic_publish(topic, "a.b.c", b"both")
        ch.basic_publish(topic, "a", b"only two")
        ch.basic_publish(direct, "to fanout", b"through two exchanges")
        ch.basic_publish(direct, "to three", b"direct")
        ch.basic_publish(headers, "", b"matched", pika.BasicProperties(headers={"kind": "order", "size": 3, "more": 1}))
        ch.basic_publish(headers, "", b"unmatched", pika.BasicProperties(headers={"kind": "order", "size": 4}))
        equal(drain(ch, one), [b"both", b"through two exchanges"], "queue one")
        equal(drain(ch, two), [b"both", b"only two"], "queue two")
        equal(drain(ch, three), [b"direct", b"matched"], "queue three")
        ch.queue_unbind(two, topic, "a.#")
        ch.basic_publish(topic, "a.b.c", b"after unbind")
        equal((drain(ch, one), drain(ch, two)), ([b"after unbind"], []), "after unbind")
        with refused(404, "NOT_FOUND - no queue"):
            opened.channel().queue_declare(PREFIX + "missing", passive=True)
        with refused(406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete'"):
            opened.channel().queue_declare(one, exclusive=True, auto_delete=True)
        server_named = ch.queue_declare("", exclusive=True).method.queue
        assert server_named.startswith("amq.gen-"), server_named
        ch.basic_publish("", two, b"left")
        equal(ch.queue_delete(two).method.message_count, 1, "messages in the deleted queue")


def ten_thousand():
    with channel() as ch:
        queue = own_queue(ch, "many")
        for index in range(MESSAGES):
            ch.basic_publish("", queue, b"message %d" % index)
        ch.basic_qos(prefetch_count=500)
        seen = []
        for method, _, body in ch.consume(queue, inactivity_timeout=30):
            assert method is not None, f"nothing more after {len(seen)} messages"
            assert not method.redelivered, body
            seen.append(body)
            ch.basic_ack(method.delivery_tag)
            if len(seen) == MESSAGES:
                break
        equal(seen, [b"message %d" % index for index in range(MESSAGES)], "messages in order")
        equal(ch.cancel(), 0, "messages left in the client")
        ch.close()
        holds(ch.connection.channel(), queue, 0)


def confirms():
    with channel() as ch:
        queue = own_queue(ch, "confirmed")
        ch.confirm_delivery()
        for index in range(300):
            ch.basic_publish("", queue, b"%d" % index, PERSISTENT)
        holds(ch, queue, 300)


def returns():
    with channel() as ch:
        ch.confirm_delivery()
        queue = own_queue(ch, "returns")
        ch.basic_publish("", queue, b"routed", mandatory=True)
        try:
            properties = pika.BasicProperties(message_id="m1")
            ch.basic_publish("", PREFIX + "nobody", b"unroutable", properties, mandatory=True)
        except UnroutableError as error:
            (message,) = error.messages
            equal(message.method.reply_code, 312, "reply code")
            equal(message.method.reply_text, "NO_ROUTE", "reply text")
            equal((message.method.exchange, message.method.routing_key), ("", PREFIX + "nobody"), "address")
            equal((message.body, message.properties.message_id), (b"unroutable", "m1"), "content")
        else:
            raise AssertionError("nothing was returned")
        equal(drain(ch, queue), [b"routed"], "routed messages")


def requeue():
    with channel() as ch:
        queue = own_queue(ch, "requeue")
        for body in (b"a", b"b", b"c"):
            ch.basic_publish("", queue, body)
        method, _, body = get(ch, queue)
        equal((body, method.redelivered, method.message_count), (b"a", False, 2), "first get")
        ch.basic_reject(method.delivery_tag, requeue=True)
        method, _, body = get(ch, queue)
        equal((body, method.redelivered), (b"a", True), "the rejected message, in its old place")
        ch.basic_ack(method.delivery_tag)
        last = [get(ch, queue)[0] for _ in range(2)][-1]
        ch.basic_nack(last.delivery_tag, multiple=True, requeue=True)
        again = [get(ch, queue) for _ in range(2)]
        equal([(body, method.redelivered) for method, _, body in again], [(b"b", True), (b"c", True)], "after nack")
        ch.basic_reject(again[0][0].delivery_tag, requeue=False)
        ch.basic_ack(again[1][0].delivery_tag)
        equal(ch.basic_get(queue)[0], None, "the queue at the end")


def qos():
    with channel() as ch:
        queue = own_queue(ch, "qos")
        for index in range(10):
            ch.basic_publish("", queue, b"%d" % index)
        ch.basic_qos(prefetch_count=3)
        got = []
        ch.basic_consume(queue, lambda _ch, method, _properties, body: got.append((method.delivery_tag, body)))

        def delivered(number):
            eventually(f"{number} deliveries", lambda: ch.connection.process_data_events(0.01) or len(got) >= number)
            holds(ch, queue, 10 - number)
            equal(len(got), number, "deliveries")

        delivered(3)
        ch.basic_ack(got[0][0])
        delivered(4)
        ch.basic_ack(got[3][0], multiple=True)
        delivered(7)
        equal([body for _, body in got], [b"%d" % index for index in range(7)], "order")


def headers():
    # No negative 64-bit integer and no float: this pika writes the first signed and reads it unsigned, and
    # cannot write the second.
    sent = {
        "string": "Grüße, 世界",
        "empty": "",
        "long": "x" * 10_000,
        "bytes": b"\x00\xff\x80",
        "true": True,
        "false": False,
        "int": -2_000_000_000,
        "long long": 9_007_199_254_740_993,
        "decimal": Decimal("-12.345"),
        "timestamp": datetime(2038, 1, 19, 3, 14, 8),
        "null": None,
        "array": ["one", 2, None, [True, {"deep": "er"}]],
        "table": {"inner": {"innermost": 1}, "empty": {}},
    }
    properties = pika.BasicProperties(
        content_type="application/octet-stream",
        content_encoding="identity",
        headers=sent,
        delivery_mode=2,
        priority=7,
        correlation_id="correlation",
        reply_to="reply to",
        expiration="3600000",
        message_id="message",
        timestamp=1_700_000_000,
        type="type",
        user_id=interop.USER,
        app_id="app",
        cluster_id="cluster",
    )
    with channel() as ch:
        queue = own_queue(ch, "headers")
        ch.basic_publish("", queue, b"body", properties)
        _, received, _ = get(ch, queue)
        interop.equal_tables(received.headers, sent, "headers")
        for name, value in vars(properties).items():
            equal(getattr(received, name), value, f"property {name}")


def five_mb():
    body = interop.big_body()
    with channel() as ch:
        queue = own_queue(ch, "big")
        ch.basic_publish("", queue, body)
        ch.basic_publish("", queue, b"")
        assert get(ch, queue)[2] == body, "the body came back changed"
        equal(get(ch, queue)[2], b"", "empty body")


def tx():
    with connection() as opened:
        ch, other = opened.channel(), opened.channel()
        queue = own_queue(ch, "tx")
        ch.tx_select()
        ch.basic_publish("", queue, b"a")
        ch.basic_publish("", queue, b"b")
        holds(other, queue, 0)
        ch.tx_commit()
        holds(other, queue, 2)
        ch.basic_publish("", queue, b"c")
        ch.tx_rollback()
        holds(other, queue, 2)
        tag = get(ch, queue)[0].delivery_tag
        ch.basic_ack(tag)
        ch.tx_rollback()
        ch.basic_ack(tag)
        ch.tx_commit()
        second = get(ch, queue)[0].delivery_tag
        ch.basic_ack(second)
        ch.tx_rollback()
        ch.close()
        holds(other, queue, 1)
        method, _, body = get(other, queue)
        equal((body, method.redelivered), (b"b", True), "the message whose ack was rolled back")


def exclusive():
    with connection() as mine, connection() as other:
        queue = own_queue(mine.channel(), "exclusive")
        with refused(405, "RESOURCE_LOCKED - cannot obtain exclusive access"):
            other.channel().queue_declare(queue, exclusive=True)
        with refused(405, "RESOURCE_LOCKED - cannot obtain exclusive access"):
            other.channel().basic_consume(queue, lambda *_: None)
        equal(count(mine.channel(), queue), 0, "its owner still has it")
        mine.close()

        def gone():
            try:
                other.channel().queue_declare(queue, passive=True)
            except ChannelClosedByBroker as error:
                return error.reply_code == 404

        eventually("the queue goes with its connection", gone)


DURABLE = PREFIX + "durable"


def reconnect():
    with connection() as opened:
        ch = opened.channel()
        ch.exchange_declare(DURABLE, "fanout", durable=True)
        ch.queue_declare(DURABLE, durable=True)
        ch.queue_bind(DURABLE, DURABLE)
        ch.confirm_delivery()
        ch.basic_publish(DURABLE, "", b"kept", pika.BasicProperties(delivery_mode=2, headers={"n": 1}))
        interop.restart_broker()
        try:
            eventually("the old connection ends", lambda: opened.process_data_events(0.1))
        except AMQPConnectionError:
            pass
    with channel() as ch:
        queue = own_queue(ch, "after")
        ch.basic_publish("", queue, b"after the restart")
        equal(get(ch, queue)[2], b"after the restart", "message")


def durable():
    with connection() as opened:
        ch = opened.channel()
        try:
            ch.exchange_declare(DURABLE, passive=True)
            ch.basic_publish(DURABLE, "", b"through the old binding")
            method, properties, body = get(ch, DURABLE)
            equal((body, method.redelivered), (b"kept", False), "message")
            equal((properties.delivery_mode, properties.headers), (2, {"n": 1}), "properties")
            equal(get(ch, DURABLE)[2], b"through the old binding", "binding")
        finally:
            clean = opened.channel()
            clean.queue_delete(DURABLE)
            clean.exchange_delete(DURABLE)


def rpc():
    with connection() as opened:
        server, client = opened.channel(), opened.channel()
        queue = own_queue(server, "rpc")

        def serve(ch, _method, properties, body):
            assert properties.reply_to.startswith("amq.rabbitmq.reply-to."), properties.reply_to
            answer = pika.BasicProperties(correlation_id=properties.correlation_id)
            ch.basic_publish("", properties.reply_to, body.upper(), answer)

        server.basic_consume(queue, serve, auto_ack=True)
        replies = {}

        def collect(_ch, _method, properties, body):
            replies[properties.correlation_id] = body

        client.basic_consume("amq.rabbitmq.reply-to", collect, auto_ack=True)
        for index in range(50):
            question = pika.BasicProperties(reply_to="amq.rabbitmq.reply-to", correlation_id=str(index))
            client.basic_publish("", queue, b"question %d" % index, question)
        eventually("50 replies", lambda: opened.process_data_events(0.01) or len(replies) >= 50)
        equal(replies, {str(index): b"QUESTION %d" % index for index in range(50)}, "replies")


interop.run(
    [
        connect, declare, ten_thousand, confirms, returns, requeue, qos, headers, five_mb, tx, exclusive,
        reconnect, durable, rpc,
    ]
)  # fmt: skip
