<?php

// Connections, channels and queues for the php-amqplib checks.

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPTimeoutException;
use PhpAmqpLib\Message\AMQPMessage;

function open_connection(string $method = 'AMQPLAIN', ?string $password = null): AMQPStreamConnection
{
    $url = parse_url(getenv('AMQP_URL'));
    $password ??= urldecode($url['pass']);
    $vhost = urldecode(substr($url['path'], 1));
    $timeout = 30.0;
    return new AMQPStreamConnection(
        $url['host'], $url['port'], urldecode($url['user']), $password, $vhost,
        false, $method, null, 'en_US', $timeout, $timeout
    );
}

function with_connection(callable $use): void
{
    $connection = open_connection();
    try {
        $use($connection);
    } finally {
        if ($connection->isConnected()) {
            $connection->close();
        }
    }
}

function with_channel(callable $use): void
{
    with_connection(fn ($connection) => $use($connection->channel(), $connection));
}

/** A queue of this connection alone, which goes with it. */
function own_queue(AMQPChannel $channel, string $name): string
{
    return $channel->queue_declare(PREFIX . $name, false, false, true, false)[0];
}

/** RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for. */
function holds(AMQPChannel $channel, string $queue, int $count): void
{
    eventually("$count messages in $queue", fn () => $channel->queue_declare($queue, true)[1] === $count);
}

function publish(AMQPChannel $channel, string $exchange, string $key, string $body, array $properties = []): void
{
    $channel->basic_publish(new AMQPMessage($body, $properties), $exchange, $key);
}

function get(AMQPChannel $channel, string $queue): AMQPMessage
{
    return $channel->basic_get($queue) ?? throw new RuntimeException("$queue is empty");
}

function drain(AMQPChannel $channel, string $queue): array
{
    $bodies = [];
    while ($message = $channel->basic_get($queue, true)) {
        $bodies[] = $message->getBody();
    }
    return $bodies;
}

/** Handles what has arrived; returns at once when nothing has. */
function handle_events(AMQPChannel $channel): void
{
    try {
        $channel->wait(null, true, 0.01);
    } catch (AMQPTimeoutException) {
    }
}
