<?php

// The common checks with php-amqplib. It logs in with AMQPLAIN unless told otherwise.

error_reporting(E_ALL & ~E_DEPRECATED);
require 'PhpAmqpLib/autoload.php';
require __DIR__ . '/interop.php';
require __DIR__ . '/channels.php';

use PhpAmqpLib\Exception\AMQPConnectionClosedException;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPAbstractCollection;
use PhpAmqpLib\Wire\AMQPDecimal;
use PhpAmqpLib\Wire\AMQPTable;

$connect = function () {
    with_connection(function ($connection) {
        $properties = $connection->getServerProperties();
        remark("server {$properties['product'][1]} {$properties['version'][1]}");
        equal($properties['capabilities'][1]['publisher_confirms'][1], 1, 'capability publisher_confirms');
        equal($properties['capabilities'][1]['basic.nack'][1], 1, 'capability basic.nack');
    });
    foreach (['AMQPLAIN', 'PLAIN'] as $method) {
        open_connection($method)->close();
        $text = "ACCESS_REFUSED - Login was refused using authentication mechanism $method.";
        $wrong = fn () => open_connection($method, 'not the password');
        refused(AMQPConnectionClosedException::class, 403, $text, $wrong);
    }
};

$declare = function () {
    with_channel(function ($channel, $connection) {
        [$direct, $topic, $fanout, $headers] = array_map(function ($kind) use ($channel) {
            $channel->exchange_declare(PREFIX . $kind, $kind, false, false, true);
            return PREFIX . $kind;
        }, ['direct', 'topic', 'fanout', 'headers']);
        [$one, $two, $three] = array_map(fn ($name) => own_queue($channel, $name), ['one', 'two', 'three']);
        $channel->queue_bind($one, $topic, 'a.*.c');
        $channel->queue_bind($two, $topic, 'a.#');
        $matching = new AMQPTable(['x-match' => 'all', 'kind' => 'order', 'size' => 3]);
        $channel->queue_bind($three, $headers, '', false, $matching);
        $channel->queue_bind($three, $direct, 'to three');
        $channel->queue_bind($one, $fanout);
        $channel->exchange_bind($fanout, $direct, 'to fanout');
        publish($channel, $topic, 'a.b.c', 'both');
        publish($channel, $topic, 'a', 'only two');
        publish($channel, $direct, 'to fanout', 'through two exchanges');
        publish($channel, $direct, 'to three', 'direct');
        $order = ['application_headers' => new AMQPTable(['kind' => 'order', 'size' => 3, 'more' => 1])];
        publish($channel, $headers, '', 'matched', $order);
        $other = ['application_headers' => new AMQPTable(['kind' => 'order', 'size' => 4])];
        publish($channel, $headers, '', 'unmatched', $other);
        equal(drain($channel, $one), ['both', 'through two exchanges'], 'queue one');
        equal(drain($channel, $two), ['both', 'only two'], 'queue two');
        equal(drain($channel, $three), ['direct', 'matched'], 'queue three');
        $channel->queue_unbind($two, $topic, 'a.#');
        publish($channel, $topic, 'a.b.c', 'after unbind');
        equal([drain($channel, $one), drain($channel, $two)], [['after unbind'], []], 'after unbind');
        $error = AMQPProtocolChannelException::class;
        $missing = fn () => $connection->channel()->queue_declare(PREFIX . 'missing', true);
        refused($error, 404, "NOT_FOUND - no queue '" . PREFIX . "missing' in vhost", $missing);
        $unlike = fn () => $connection->channel()->queue_declare($one, false, false, true, true);
        refused($error, 406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete'", $unlike);
        starts_with($channel->queue_declare('', false, false, true)[0], 'amq.gen-');
        publish($channel, '', $two, 'left');
        equal($channel->queue_delete($two), 1, 'messages in the deleted queue');
    });
};

$ten_thousand = function () {
    with_channel(function ($channel, $connection) {
        $queue = own_queue($channel, 'many');
        $bodies = array_map(fn ($index) => "message $index", range(0, MESSAGES - 1));
        foreach ($bodies as $body) {
            $channel->batch_basic_publish(new AMQPMessage($body), '', $queue);
        }
        $channel->publish_batch();
        $channel->basic_qos(0, 500, false);
        $seen = [];
        $receive = function (AMQPMessage $message) use (&$seen) {
            equal($message->isRedelivered(), false, 'redelivered');
            $seen[] = $message->getBody();
            $message->ack();
        };
        $tag = $channel->basic_consume($queue, '', false, false, false, false, $receive);
        while (count($seen) < MESSAGES) {
            $channel->wait(null, false, PATIENCE);
        }
        $channel->basic_cancel($tag);
        equal($seen, $bodies, 'messages in order');
        $channel->close();
        holds($connection->channel(), $queue, 0);
    });
};

$confirms = function () {
    with_channel(function ($channel) {
        $queue = own_queue($channel, 'confirmed');
        $acked = [];
        $channel->set_ack_handler(function (AMQPMessage $message) use (&$acked) {
            $acked[] = $message->getBody();
        });
        $channel->set_nack_handler(fn () => throw new RuntimeException('nacked'));
        $channel->confirm_select();
        foreach (range(0, 999) as $index) {
            publish($channel, '', $queue, (string) $index, ['delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT]);
        }
        $channel->wait_for_pending_acks(PATIENCE);
        sort($acked, SORT_NUMERIC);
        equal($acked, array_map('strval', range(0, 999)), 'acked messages');
        holds($channel, $queue, 1000);
    });
};

$returns = function () {
    with_channel(function ($channel) {
        $queue = own_queue($channel, 'returns');
        $returned = [];
        $channel->set_return_listener(function (...$arguments) use (&$returned) {
            $returned[] = $arguments;
        });
        $channel->confirm_select();
        $channel->basic_publish(new AMQPMessage('routed'), '', $queue, true);
        $message = new AMQPMessage('unroutable', ['message_id' => 'm1']);
        $channel->basic_publish($message, '', PREFIX . 'nobody', true);
        $channel->wait_for_pending_acks_returns(PATIENCE);
        // Nothing more to wait for: a return comes before the confirm.
        equal(count($returned), 1, 'returned messages');
        [$code, $text, $exchange, $key, $message] = $returned[0];
        equal([$code, $text, $exchange, $key], [312, 'NO_ROUTE', '', PREFIX . 'nobody'], 'reply and address');
        equal([$message->getBody(), $message->get('message_id')], ['unroutable', 'm1'], 'content');
        equal(drain($channel, $queue), ['routed'], 'routed messages');
    });
};

$requeue = function () {
    with_channel(function ($channel) {
        $queue = own_queue($channel, 'requeue');
        foreach (['a', 'b', 'c'] as $body) {
            publish($channel, '', $queue, $body);
        }
        $seen = fn (AMQPMessage $message) => [$message->getBody(), $message->isRedelivered()];
        $first = get($channel, $queue);
        equal([...$seen($first), $first->getMessageCount()], ['a', false, 2], 'first get');
        $first->reject(true);
        $again = get($channel, $queue);
        equal($seen($again), ['a', true], 'the rejected message, in its old place');
        $again->ack();
        equal($seen(get($channel, $queue)), ['b', false], 'the next');
        get($channel, $queue)->nack(true, true);
        equal([$seen(get($channel, $queue)), $seen(get($channel, $queue))], [['b', true], ['c', true]], 'after nack');
        $channel->basic_recover(true);
        equal($seen(get($channel, $queue)), ['b', true], 'after recover');
        get($channel, $queue)->ack(true);
        equal($channel->basic_get($queue), null, 'the queue at the end');
    });
};

$qos = function () {
    with_channel(function ($channel) {
        $queue = own_queue($channel, 'qos');
        foreach (range(0, 9) as $index) {
            publish($channel, '', $queue, (string) $index);
        }
        $channel->basic_qos(0, 3, false);
        $got = [];
        $channel->basic_consume($queue, '', false, false, false, false, function (AMQPMessage $message) use (&$got) {
            $got[] = $message;
        });
        $delivered = function (int $count) use ($channel, $queue, &$got) {
            eventually("$count deliveries", function () use ($channel, $count, &$got) {
                handle_events($channel);
                return count($got) >= $count;
            });
            holds($channel, $queue, 10 - $count);
            handle_events($channel);
            equal(count($got), $count, 'deliveries');
        };
        $delivered(3);
        $got[0]->ack();
        $delivered(4);
        $got[3]->ack(true);
        $delivered(7);
        equal(array_map(fn ($message) => $message->getBody(), $got), ['0', '1', '2', '3', '4', '5', '6'], 'order');
    });
};

$headers = function () {
    // No float and no double: php-amqplib reads them, but does not write them.
    $sent = [
        'string' => 'Grüße, 世界',
        'empty' => '',
        'long' => str_repeat('x', 10000),
        'true' => true,
        'false' => false,
        'int' => -2147483648,
        'long64' => PHP_INT_MIN,
        'null' => null,
        'array' => ['one', 2, null, [true, ['deep' => 'er']]],
        'table' => ['inner' => ['innermost' => 1]],
    ];
    $typed = [
        'byte' => [-128, AMQPAbstractCollection::T_INT_SHORTSHORT],
        'ubyte' => [255, AMQPAbstractCollection::T_INT_SHORTSHORT_U],
        'short' => [-32768, AMQPAbstractCollection::T_INT_SHORT],
        'ushort' => [65535, AMQPAbstractCollection::T_INT_SHORT_U],
        'ulong' => [4294967295, AMQPAbstractCollection::T_INT_LONG_U],
        'bytes' => ["\x00\xff\x80", AMQPAbstractCollection::T_BYTES],
    ];
    $table = new AMQPTable($sent);
    foreach ($typed as $name => [$value, $type]) {
        $table->set($name, $value, $type);
    }
    $table->set('timestamp', 4102444800, AMQPAbstractCollection::T_TIMESTAMP);
    $table->set('decimal', new AMQPDecimal(-12345, 3));
    $properties = [
        'content_type' => 'application/octet-stream',
        'content_encoding' => 'identity',
        'delivery_mode' => 2,
        'priority' => 7,
        'correlation_id' => 'correlation',
        'reply_to' => 'reply to',
        'expiration' => '3600000',
        'message_id' => 'message',
        'timestamp' => 1700000000,
        'type' => 'type',
        'user_id' => urldecode(parse_url(getenv('AMQP_URL'))['user']),
        'app_id' => 'app',
        'cluster_id' => 'cluster',
    ];
    with_channel(function ($channel) use ($sent, $typed, $table, $properties) {
        $queue = own_queue($channel, 'headers');
        publish($channel, '', $queue, 'body', $properties + ['application_headers' => $table]);
        $received = get($channel, $queue)->get_properties();
        $native = $received['application_headers']->getNativeData();
        foreach ($sent + array_map(fn ($pair) => $pair[0], $typed) as $name => $value) {
            equal($native[$name], $value, "header $name");
        }
        equal($native['timestamp']->getTimestamp(), 4102444800, 'header timestamp');
        equal([$native['decimal']->getN(), $native['decimal']->getE()], [-12345, 3], 'header decimal');
        equal(count($native), count($sent) + count($typed) + 2, 'number of headers');
        unset($received['application_headers']);
        ksort($received);
        ksort($properties);
        equal($received, $properties, 'properties');
    });
};

$five_mb = function () {
    with_channel(function ($channel) {
        $queue = own_queue($channel, 'big');
        publish($channel, '', $queue, big_body());
        publish($channel, '', $queue, '');
        if (get($channel, $queue)->getBody() !== big_body()) {
            throw new RuntimeException('the body came back changed');
        }
        equal(get($channel, $queue)->getBody(), '', 'empty body');
    });
};

$tx = function () {
    with_channel(function ($channel, $connection) {
        $other = $connection->channel();
        $queue = own_queue($channel, 'tx');
        $channel->tx_select();
        publish($channel, '', $queue, 'a');
        publish($channel, '', $queue, 'b');
        holds($other, $queue, 0);
        $channel->tx_commit();
        holds($other, $queue, 2);
        publish($channel, '', $queue, 'c');
        $channel->tx_rollback();
        holds($other, $queue, 2);
        $tag = get($channel, $queue)->getDeliveryTag();
        $channel->basic_ack($tag);
        $channel->tx_rollback();
        $channel->basic_ack($tag);
        $channel->tx_commit();
        get($channel, $queue)->ack();
        $channel->tx_rollback();
        $channel->close();
        holds($other, $queue, 1);
        $message = get($other, $queue);
        equal([$message->getBody(), $message->isRedelivered()], ['b', true], 'the message whose ack was rolled back');
    });
};

$exclusive = function () {
    with_connection(function ($other) {
        $mine = open_connection();
        $channel = $mine->channel();
        $queue = own_queue($channel, 'exclusive');
        $locked = 'RESOURCE_LOCKED - cannot obtain exclusive access to locked queue';
        $error = AMQPProtocolChannelException::class;
        refused($error, 405, $locked, fn () => own_queue($other->channel(), 'exclusive'));
        refused($error, 405, $locked, fn () => $other->channel()->basic_consume($queue));
        equal($channel->queue_declare($queue, true)[0], $queue, 'its owner still has it');
        $mine->close();
        eventually('the queue goes with its connection', function () use ($other, $queue) {
            try {
                $other->channel()->queue_declare($queue, true);
            } catch (AMQPProtocolChannelException $error) {
                return $error->getCode() === 404;
            }
            return false;
        });
    });
};

define('DURABLE', PREFIX . 'durable');

$reconnect = function () {
    $connection = open_connection();
    $channel = $connection->channel();
    $channel->exchange_declare(DURABLE, 'fanout', false, true, false);
    $channel->queue_declare(DURABLE, false, true, false, false);
    $channel->queue_bind(DURABLE, DURABLE);
    $channel->confirm_select();
    $properties = ['delivery_mode' => 2, 'application_headers' => new AMQPTable(['n' => 1])];
    publish($channel, DURABLE, '', 'kept', $properties);
    $channel->wait_for_pending_acks(PATIENCE);
    restart_broker();
    try {
        $channel->wait(null, false, PATIENCE);
        throw new RuntimeException('the old connection lives on');
    } catch (AMQPExceptionInterface $error) {
        remark('the old connection ended with ' . $error->getMessage());
    }
    $connection->reconnect();
    $channel = $connection->channel();
    $queue = own_queue($channel, 'after');
    publish($channel, '', $queue, 'after the restart');
    equal(get($channel, $queue)->getBody(), 'after the restart', 'message');
    $connection->close();
};

$durable = function () {
    with_channel(function ($channel, $connection) {
        try {
            $channel->exchange_declare(DURABLE, 'fanout', true);
            publish($channel, DURABLE, '', 'through the old binding');
            $message = get($channel, DURABLE);
            equal([$message->getBody(), $message->isRedelivered()], ['kept', false], 'message');
            equal($message->get('delivery_mode'), 2, 'delivery mode');
            equal($message->get('application_headers')->getNativeData(), ['n' => 1], 'headers');
            equal(get($channel, DURABLE)->getBody(), 'through the old binding', 'binding');
        } finally {
            $clean = $connection->channel();
            $clean->queue_delete(DURABLE);
            $clean->exchange_delete(DURABLE);
        }
    });
};

$rpc = function () {
    with_connection(function ($connection) {
        $server = $connection->channel();
        $client = $connection->channel();
        $queue = own_queue($server, 'rpc');
        $serve = function (AMQPMessage $question) use ($server) {
            starts_with($question->get('reply_to'), 'amq.rabbitmq.reply-to.');
            $answer = ['correlation_id' => $question->get('correlation_id')];
            publish($server, '', $question->get('reply_to'), "answer to {$question->getBody()}", $answer);
        };
        $server->basic_consume($queue, '', false, true, false, false, $serve);
        $replies = [];
        $collect = function (AMQPMessage $answer) use (&$replies) {
            $replies[$answer->get('correlation_id')] = $answer->getBody();
        };
        $client->basic_consume('amq.rabbitmq.reply-to', '', false, true, false, false, $collect);
        $expected = [];
        foreach (range(0, 49) as $number) {
            $question = ['reply_to' => 'amq.rabbitmq.reply-to', 'correlation_id' => (string) $number];
            publish($client, '', $queue, (string) $number, $question);
            $expected[$number] = "answer to $number";
        }
        eventually('50 replies', function () use ($server, $client, &$replies) {
            handle_events($server);
            handle_events($client);
            return count($replies) >= 50;
        });
        equal($replies, $expected, 'replies');
    });
};

run([
    $connect, $declare, $ten_thousand, $confirms, $returns, $requeue, $qos, $headers, $five_mb, $tx, $exclusive,
    $reconnect, $durable, $rpc,
]);
