# frozen_string_literal: true

# The common checks with bunny.
require 'bunny'
require_relative 'interop'
include Interop

URL = ENV.fetch('AMQP_URL')
OPTIONS = { log_file: $stderr, log_level: Logger::FATAL, network_recovery_interval: 0.2 }.freeze

def connection(**options)
  opened = Bunny.new(URL, **OPTIONS, **options)
  opened.start
  yield opened
ensure
  opened.close if opened&.open?
end

def channel
  connection { |opened| yield opened.create_channel, opened }
end

# A queue of this connection alone, which goes with it.
def own_queue(channel, name)
  channel.queue(PREFIX + name, exclusive: true)
end

# RabbitMQ counts ahead of publishes and acks that it has not worked off, so the count is waited for.
def holds(queue, count)
  eventually("#{count} messages in #{queue.name}") { queue.message_count == count }
end

def get(queue)
  info, properties, body = queue.pop(manual_ack: true)
  raise "#{queue.name} is empty" if info.nil?

  [info, properties, body]
end

def drain(queue)
  bodies = []
  until (message = queue.pop).first.nil?
    bodies << message.last
  end
  bodies
end

def connect
  connection do |opened|
    properties = opened.server_properties
    remark "server #{properties['product']} #{properties['version']}"
    wanted = %w[publisher_confirms basic.nack consumer_cancel_notify exchange_exchange_bindings
                authentication_failure_close]
    equal(wanted.map { |name| opened.server_capabilities[name] }, [true] * wanted.size, 'capabilities')
  end
  refused(Bunny::AuthenticationFailureError, /Authentication with RabbitMQ failed/) do
    connection(password: 'not the password') { nil }
  end
end

def declare
  channel do |ch, opened|
    topic, direct, fanout, headers = %i[topic direct fanout headers].map do |kind|
      ch.public_send(kind, PREFIX + kind.to_s, auto_delete: true)
    end
    one, two, three = %w[one two three].map { |name| own_queue(ch, name) }
    one.bind(topic, routing_key: 'a.*.c')
    two.bind(topic, routing_key: 'a.#')
    three.bind(headers, arguments: { 'x-match' => 'all', 'kind' => 'order', 'size' => 3 })
    three.bind(direct, routing_key: 'to three')
    one.bind(fanout)
    fanout.bind(direct, routing_key: 'to fanout')
    topic.publish('both', routing_key: 'a.b.c')
    topic.publish('only two', routing_key: 'a')
    direct.publish('through two exchanges', routing_key: 'to fanout')
    direct.publish('direct', routing_key: 'to three')
    headers.publish('matched', headers: { 'kind' => 'order', 'size' => 3, 'more' => 1 })
    headers.publish('unmatched', headers: { 'kind' => 'order', 'size' => 4 })
    equal(drain(one), ['both', 'through two exchanges'], 'queue one')
    equal(drain(two), ['both', 'only two'], 'queue two')
    equal(drain(three), %w[direct matched], 'queue three')
    two.unbind(topic, routing_key: 'a.#')
    topic.publish('after unbind', routing_key: 'a.b.c')
    equal([drain(one), drain(two)], [['after unbind'], []], 'after unbind')
    equal(opened.queue_exists?("#{PREFIX}missing"), false, 'a missing queue')
    refused(Bunny::PreconditionFailed, /\APRECONDITION_FAILED - inequivalent arg 'auto_delete'/) do
      opened.create_channel.queue(one.name, exclusive: true, auto_delete: true)
    end
    matching(ch.queue('', exclusive: true).name, /\Aamq\.gen-/, 'server-named queue')
    two.publish('left')
    equal(two.delete.message_count, 1, 'messages in the deleted queue')
  end
end

def ten_thousand
  channel do |ch, opened|
    queue = own_queue(ch, 'many')
    bodies = Array.new(MESSAGES) { |index| "message #{index}" }
    bodies.each { |body| queue.publish(body) }
    consuming = opened.create_channel
    consuming.prefetch(500)
    seen = Queue.new
    consumer = consuming.queue(queue.name, passive: true).subscribe(manual_ack: true) do |info, _, body|
      seen << [body, info.redelivered?]
      consuming.ack(info.delivery_tag)
    end
    eventually("#{MESSAGES} messages", 60) { seen.size >= MESSAGES }
    consumer.cancel
    equal(Array.new(MESSAGES) { seen.pop }, bodies.map { |body| [body, false] }, 'messages in order')
    consuming.close
    holds(queue, 0)
  end
end

def confirms
  channel do |ch|
    queue = own_queue(ch, 'confirmed')
    ch.confirm_select
    1000.times { |index| queue.publish(index.to_s, persistent: true) }
    equal(ch.wait_for_confirms, true, 'all confirmed')
    equal([ch.unconfirmed_set.size, ch.nacked_set.size], [0, 0], 'unconfirmed and nacked')
    holds(queue, 1000)
  end
end

def returns
  channel do |ch|
    queue = own_queue(ch, 'returns')
    returned = Queue.new
    exchange = ch.default_exchange
    exchange.on_return { |*arguments| returned << arguments }
    ch.confirm_select
    exchange.publish('routed', routing_key: queue.name, mandatory: true)
    exchange.publish('unroutable', routing_key: "#{PREFIX}nobody", mandatory: true, message_id: 'm1')
    ch.wait_for_confirms
    # Nothing to wait for: a return comes before the confirm.
    equal(returned.size, 1, 'returned messages')
    info, properties, body = returned.pop
    equal([info.reply_code, info.reply_text], [312, 'NO_ROUTE'], 'reply')
    equal([info.exchange, info.routing_key], ['', "#{PREFIX}nobody"], 'address')
    equal([body, properties[:message_id]], %w[unroutable m1], 'content')
    equal(drain(queue), ['routed'], 'routed messages')
  end
end

def requeue
  channel do |ch|
    queue = own_queue(ch, 'requeue')
    %w[a b c].each { |body| queue.publish(body) }
    info, _, body = get(queue)
    equal([body, info.redelivered?], ['a', false], 'first get')
    ch.reject(info.delivery_tag, true)
    info, _, body = get(queue)
    equal([body, info.redelivered?], ['a', true], 'the rejected message, in its old place')
    ch.ack(info.delivery_tag)
    get(queue)
    ch.nack(get(queue).first.delivery_tag, true, true)
    again = Array.new(2) { get(queue) }
    equal(again.map { |one, _, text| [text, one.redelivered?] }, [['b', true], ['c', true]], 'after nack')
    ch.basic_recover(true)
    equal(get(queue).last, 'b', 'after recover')
    ch.ack(get(queue).first.delivery_tag, true)
    equal(queue.pop, [nil, nil, nil], 'the queue at the end')
  end
end

def qos
  channel do |ch|
    queue = own_queue(ch, 'qos')
    10.times { |index| queue.publish(index.to_s) }
    ch.prefetch(3)
    got = []
    queue.subscribe(manual_ack: true) { |info, _, body| got << [info.delivery_tag, body] }
    delivered = lambda do |count|
      eventually("#{count} deliveries") { got.size >= count }
      holds(queue, 10 - count)
      equal(got.size, count, 'deliveries')
    end
    delivered.call(3)
    ch.ack(got[0].first)
    delivered.call(4)
    ch.ack(got[3].first, true)
    delivered.call(7)
    equal(got.map(&:last), %w[0 1 2 3 4 5 6], 'order')
  end
end

def headers
  # No decimal: this bunny scales it wrongly before it sends it.
  sent = {
    'string' => 'Grüße, 世界', 'empty' => '', 'long' => 'x' * 10_000, 'true' => true, 'false' => false,
    'int' => -2_000_000_000, 'max' => (2**63) - 1, 'min' => -(2**63),
    'double' => 2.718281828459045e-100, 'float' => AMQ::Protocol::Float32Bit.new(1.5),
    'time' => Time.at(4_102_444_800), 'null' => nil,
    'array' => ['one', 2, nil, [true, { 'deep' => 'er' }]],
    'table' => { 'inner' => { 'innermost' => 1 }, 'empty' => {} }
  }
  properties = {
    content_type: 'application/octet-stream', content_encoding: 'identity', priority: 7, correlation_id: 'correlation',
    reply_to: 'reply to', expiration: '3600000', message_id: 'message', timestamp: 1_700_000_000,
    type: 'type', app_id: 'app', delivery_mode: 2
  }
  channel do |ch, opened|
    queue = own_queue(ch, 'headers')
    queue.publish('body', persistent: true, headers: sent, **properties, user_id: opened.user)
    _, received, = get(queue)
    expected = sent.merge('float' => 1.5)
    equal(received[:headers].keys, expected.keys, 'header names in order')
    # Bunny hands strings back as bytes.
    received[:headers]['string'].force_encoding(Encoding::UTF_8)
    expected.each { |name, value| equal(received[:headers][name], value, "header #{name}") }
    came_as = { user_id: opened.user, timestamp: Time.at(1_700_000_000) }
    properties.merge(came_as).each { |name, value| equal(received[name], value, "property #{name}") }
  end
end

def five_mb
  channel do |ch|
    queue = own_queue(ch, 'big')
    queue.publish(big_body)
    queue.publish('')
    raise 'the body came back changed' unless get(queue).last.b == big_body

    equal(get(queue).last, '', 'empty body')
  end
end

def tx
  channel do |ch, opened|
    queue = own_queue(ch, 'tx')
    seen = opened.create_channel.queue(queue.name, passive: true)
    ch.tx_select
    %w[a b].each { |body| queue.publish(body) }
    holds(seen, 0)
    ch.tx_commit
    holds(seen, 2)
    queue.publish('c')
    ch.tx_rollback
    holds(seen, 2)
    tag = get(queue).first.delivery_tag
    ch.ack(tag)
    ch.tx_rollback
    ch.ack(tag)
    ch.tx_commit
    ch.ack(get(queue).first.delivery_tag)
    ch.tx_rollback
    ch.close
    holds(seen, 1)
    info, _, body = get(seen)
    equal([body, info.redelivered?], ['b', true], 'the message whose ack was rolled back')
  end
end

def exclusive
  connection do |other|
    name = "#{PREFIX}exclusive"
    connection do |mine|
      own_queue(mine.create_channel, 'exclusive')
      locked = /\ARESOURCE_LOCKED - cannot obtain exclusive access to locked queue/
      refused(Bunny::ResourceLocked, locked) { other.create_channel.queue(name, exclusive: true) }
      refused(Bunny::ResourceLocked, locked) { other.create_channel.basic_consume(name, '') }
      equal(mine.queue_exists?(name), true, 'its owner still has it')
    end
    eventually('the queue goes with its connection') do
      !other.queue_exists?(name)
    rescue Bunny::ResourceLocked
      false
    end
  end
end

DURABLE = "#{PREFIX}durable"

# Bunny's recovery brings connection, channels, queues and consumers back by itself.
def reconnect
  recovered = Queue.new
  connection(recovery_completed: -> { recovered << true }) do |opened|
    ch = opened.create_channel
    ch.confirm_select
    exchange = ch.fanout(DURABLE, durable: true)
    ch.queue(DURABLE, durable: true).bind(exchange)
    exchange.publish('kept', persistent: true, headers: { 'n' => 1 })
    ch.wait_for_confirms
    other = opened.create_channel
    queue = own_queue(other, 'after')
    got = Queue.new
    queue.subscribe { |_, _, body| got << body }
    restart_broker
    eventually('recovery') { !recovered.empty? }
    queue.publish('after the restart')
    eventually('a message to the recovered consumer') { !got.empty? }
    equal(got.pop, 'after the restart', 'message')
  end
end

def durable
  connection do |opened|
    ch = opened.create_channel
    exchange = ch.exchange(DURABLE, passive: true)
    queue = ch.queue(DURABLE, passive: true)
    exchange.publish('through the old binding')
    info, properties, body = get(queue)
    equal([body, info.redelivered?], ['kept', false], 'message')
    equal([properties[:delivery_mode], properties[:headers]], [2, { 'n' => 1 }], 'properties')
    equal(get(queue).last, 'through the old binding', 'binding')
  ensure
    clean = opened.create_channel
    clean.queue_delete(DURABLE)
    clean.exchange_delete(DURABLE)
  end
end

def rpc
  channel do |client, opened|
    server = opened.create_channel
    queue = own_queue(server, 'rpc')
    reply_to = Queue.new
    queue.subscribe do |_, properties, body|
      reply_to << properties[:reply_to]
      answer = { routing_key: properties[:reply_to], correlation_id: properties[:correlation_id] }
      server.default_exchange.publish("answer to #{body}", **answer)
    end
    replies = Queue.new
    client.basic_consume('amq.rabbitmq.reply-to', '', true) do |_, properties, body|
      replies << [properties[:correlation_id], body]
    end
    50.times do |number|
      question = { routing_key: queue.name, reply_to: 'amq.rabbitmq.reply-to', correlation_id: number.to_s }
      client.default_exchange.publish(number.to_s, **question)
    end
    eventually('50 replies') { replies.size >= 50 }
    equal(Array.new(50) { replies.pop }.to_h, (0...50).to_h { |n| [n.to_s, "answer to #{n}"] }, 'replies')
    matching(reply_to.pop, /\Aamq\.rabbitmq\.reply-to\../, 'reply-to as the server sees it')
  end
end

NAMES = %i[connect declare ten_thousand confirms returns requeue qos headers five_mb tx exclusive reconnect durable rpc]
Interop.run(NAMES.map { |name| method(name) })
